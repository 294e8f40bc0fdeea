import { loadCheckpoint } from '@tributary/checkpoints';
import { decodeIds, encodeText } from '@tributary/datasets';
import type { ComputeBackend } from '@tributary/engine';
import type { FlatLayout } from '@tributary/layout';
import { type GenerateRequest, type ObjectStore, type PreparedRun, TributaryError } from '@tributary/protocol';
import { fetchTokenizers } from './load-splits.js';
import { modelOf, specOf, taskOf } from './prepared-model.js';
import { textCodecs } from './text-codecs.js';

/** Greedy outputs of one task of a checkpoint, in the order of the sources. */
export async function generateTexts(
  request: GenerateRequest,
  deps: { readonly objects: ObjectStore; readonly backend: ComputeBackend },
): Promise<{ readonly outputs: { readonly source: string; readonly generated: string }[]; readonly step: number }> {
  const prepared = JSON.parse(new TextDecoder().decode(await deps.objects.get(request.preparedKey))) as PreparedRun;
  const task = taskOf(prepared, request.task);
  if (task.targetFeatures !== undefined || task.sourceFeatures !== undefined)
    throw new TributaryError(
      'DATA_INVALID',
      `Task "${request.task}" ${task.targetFeatures === undefined ? 'reads' : 'puts out'} vectors, and generate takes and gives text; look at its examples with: npx tributary runs show ${prepared.run}`,
    );
  const spec = specOf(prepared);
  const model = modelOf(prepared, spec);
  const checkpoint = await loadCheckpoint(deps.objects, request.checkpointKey);
  const shared = flatParameters(await checkpoint.part('shared'), model.sharedLayout);
  const own = flatParameters(await checkpoint.part(`task-${request.task}`), model.task(request.task).layout);
  const text = textCodecs(prepared, request.task, await fetchTokenizers(prepared, request.task, deps.objects));
  const encoded = request.sources.map((source) => encodeText(text.source, source, spec.lengths.source).ids);
  const longest = Math.max(...encoded.map((ids) => ids.length));
  const batch = encoded.length;
  const source = new Int32Array(batch * longest);
  encoded.forEach((ids, row) => {
    source.set(ids, row * longest);
  });
  const maxLength = request.maxLength ?? spec.lengths.target + 1;
  const generator = model.task(request.task).generator(deps.backend, { batch, source: longest });
  const ids = await generator.generate({ shared, task: own }, source, maxLength);
  generator.dispose();
  const outputs = request.sources.map((given, row) => ({
    source: given,
    generated: decodeIds(text.target, ids.subarray(row * maxLength, (row + 1) * maxLength)),
  }));
  return { outputs, step: checkpoint.manifest.step };
}

function flatParameters(
  tensors: Awaited<ReturnType<Awaited<ReturnType<typeof loadCheckpoint>>['part']>>,
  layout: FlatLayout,
): Float32Array {
  const flat = new Float32Array(layout.elements);
  for (const { name, offset, size } of layout.entries) {
    const data = tensors[`parameter/${name}`]?.data;
    if (!(data instanceof Float32Array) || data.length !== size) {
      throw new TributaryError(
        'CHECKPOINT_CORRUPT',
        `The checkpoint has no ${size} values for "${name}"; it belongs to another model or version.`,
      );
    }
    flat.set(data, offset);
  }
  return flat;
}

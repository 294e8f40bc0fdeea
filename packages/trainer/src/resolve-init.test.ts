import { createHash } from 'node:crypto';
import { encodePart, encodeSafetensors, manifestOf, type Tensor, writeManifest } from '@tributary/checkpoints';
import { runFileSchema } from '@tributary/config';
import { prepareRun } from '@tributary/datasets';
import { checkpointPartKey, initSummary, type ObjectStore, type PreparedRun, type RunId } from '@tributary/protocol';
import { describe, expect, it } from 'vitest';
import { applyInit } from './initial-values.js';
import { objectsInMemory } from './objects-in-memory.fixture.js';
import { modelOf, specOf } from './prepared-model.js';
import { type InitSource, resolveInit } from './resolve-init.js';
import { stateParts } from './state-parts.js';

const pairs = Array.from({ length: 12 }, (_, index) => `{"source": "${'abcd'[index % 4]} ${index}", "target": "b"}`);

async function preparedRun(
  objects: ObjectStore,
  init: unknown,
  hidden = 4,
  text = pairs.join('\n'),
  tokens: object = {},
) {
  const spec = runFileSchema.parse({
    experiment: 'init',
    model: { embedding: { size: 4 }, encoder: { hidden }, generator: { hidden: 4 }, attention: { size: 4 } },
    tasks: [{ name: 't', data: { source: 'file', format: 'jsonl', path: 'p', validation: 'p', test: 'p', tokens } }],
    budget: { steps: 1 },
    init,
  });
  const key = `data/${createHash('sha256').update(text).digest('hex')}`;
  await objects.put(key, new TextEncoder().encode(text));
  return await prepareRun({ run: 'init-1' as RunId, spec, files: { p: key } }, { objects });
}

const partsOf = (prepared: PreparedRun) => stateParts(modelOf(prepared, specOf(prepared)), ['t']);

/** A checkpoint of this run in which every value of a part is the same. */
async function checkpointOf(prepared: PreparedRun, objects: ObjectStore): Promise<InitSource> {
  const parts = [];
  for (const { part, layout } of partsOf(prepared)) {
    const tensors: Record<string, Tensor> = {};
    for (const { name, shape, size } of layout.entries) {
      tensors[`parameter/${name}`] = { shape, data: new Float32Array(size).fill(part === 'shared' ? 0.25 : 0.5) };
      tensors[`m/${name}`] = { shape, data: new Float32Array(size).fill(9) };
    }
    const { bytes, sha256, stateHash } = encodePart({ tensors, metadata: {} });
    const key = checkpointPartKey('other-1', 3, 1, part);
    await objects.put(key, bytes);
    const names = partsOf(prepared).map((each) => each.part);
    parts.push({
      ...{ run: 'other-1' as RunId, attempt: 1, generation: 1, step: 3, part, parts: names, key, sha256, stateHash },
      sizeBytes: bytes.length,
    });
  }
  const key = await writeManifest(objects, manifestOf(parts));
  await objects.put('prepared/other.json', new TextEncoder().encode(JSON.stringify(prepared)));
  return { kind: 'checkpoint', label: 'run other-1, step 3', key, preparedKey: 'prepared/other.json' };
}

async function fileOf(objects: ObjectStore, tensors: Record<string, Tensor>): Promise<InitSource> {
  await objects.put('data/file', encodeSafetensors({ tensors, metadata: {} }));
  return { kind: 'file', label: 'file weights.safetensors', key: 'data/file' };
}

const fromRun = { from: { run: 'other-1', step: 3 } };
const fromFile = { from: { file: 'weights.safetensors' } };

describe('resolveInit', () => {
  it('takes every parameter of a run of the same model, and no moments', async () => {
    const objects = objectsInMemory();
    const prepared = await preparedRun(objects, { ...fromRun, strict: true });
    const init = await resolveInit(prepared, await checkpointOf(prepared, objects), objects);
    expect(init.report).toMatchObject({ missing: [], unused: [], otherShape: [], remarks: [] });
    expect(initSummary(init.report)).toMatch(/^Initial values from run other-1, step 3: (\d+) of \1 parameters\.$/);
    const parts = partsOf(prepared).map((each) => ({ ...each, values: new Float32Array(each.layout.elements) }));
    await applyInit(init, parts, objects);
    expect(parts.map(({ values }) => [...new Set(values)])).toEqual([[0.25], [0.5]]);
    await expect(applyInit({ ...init, sha256: '0' }, parts, objects)).rejects.toThrow('launch the run again');
  });

  it('says what has another shape, and gives symbols of another vocabulary their own values', async () => {
    const objects = objectsInMemory();
    const source = await checkpointOf(await preparedRun(objects, fromRun), objects);
    const wider = await preparedRun(objects, fromRun, 6);
    const { report } = await resolveInit(wider, source, objects);
    expect(report.otherShape.length).toBeGreaterThan(0);
    expect(report.matched.map(({ parameter }) => parameter)).toContain('shared/embedding');
    expect(initSummary(report)).toMatch(/have another shape there and begin at random\.$/);
    const other = await preparedRun(objects, fromRun, 4, pairs.join('\n').replaceAll('"a ', '"z '));
    const renamed = await resolveInit(other, source, objects);
    expect(renamed.report.remarks).toEqual(['1 of 20 symbols of the sources has no value there and begins at random.']);
    const [shared] = partsOf(other).map((each) => ({ ...each, values: new Float32Array(each.layout.elements) }));
    if (shared === undefined) throw new Error('no shared part');
    await applyInit(renamed, [shared], objects);
    const rows = other.sourceVocabulary.map((_, id) => shared.values.subarray(id * 4, id * 4 + 4));
    const random = rows.flatMap((row, id) =>
      row.every((value) => value === 0.25) ? [] : [other.sourceVocabulary[id]],
    );
    expect(random).toEqual(['z']);
    const strict = await preparedRun(objects, { ...fromRun, strict: true }, 6);
    await expect(resolveInit(strict, source, objects)).rejects.toThrow(
      /^init: \d+ of the \d+ parameters get no value from run other-1, step 3: shared\//,
    );
  });

  it('gives symbols of a tokenizer the values of the same text in another vocabulary', async () => {
    const objects = objectsInMemory();
    const source = await checkpointOf(await preparedRun(objects, fromRun), objects);
    const bytes = await preparedRun(objects, fromRun, 4, undefined, { source: 'bytes' });
    const init = await resolveInit(bytes, source, objects);
    // The four special symbols, ten digits and a to d.
    expect(init.report.remarks).toEqual(['242 of 260 symbols of the sources have no value there and begin at random.']);
    const pieces = { source: { kind: 'bpe', vocabulary: 300 } };
    const learned = await preparedRun(objects, fromRun, 4, undefined, pieces);
    const [remark] = (await resolveInit(learned, await checkpointOf(bytes, objects), objects)).report.remarks;
    // All bytes have a value there; the one pair that occurs twice, " 1", has none.
    expect(learned.sourceVocabulary.slice(260)).toEqual([' 1']);
    expect(remark).toBe('1 of 261 symbols of the sources has no value there and begins at random.');
  });

  it('renames the tensors of a file', async () => {
    const objects = objectsInMemory();
    const prepared = await preparedRun(objects, {
      ...fromFile,
      map: [{ from: 'words.*', to: 'shared/*' }],
    });
    const { shape, size } = partsOf(prepared)[0]?.layout.entries.find(({ name }) => name === 'embedding') ?? {};
    const embedding = { shape: shape ?? [], data: new Float32Array(size ?? 0).fill(1) };
    const file = await fileOf(objects, {
      'words.embedding': embedding,
      extra: { shape: [1], data: Float32Array.of(1) },
    });
    const { report } = await resolveInit(prepared, file, objects);
    expect(report.matched).toEqual([{ parameter: 'shared/embedding', tensor: 'words.embedding' }]);
    expect(report.unused).toEqual(['extra']);
    expect(initSummary(report)).toMatch(
      /1 of \d+ parameters; \d+ are not there and begin at random; 1 tensor unused\.$/,
    );
    const bare = await fileOf(objects, { embedding: { ...embedding, data: embedding.data.with(2, Number.NaN) } });
    await expect(resolveInit(prepared, bare, objects)).rejects.toThrow(
      'init: value 2 of "embedding" in file weights.safetensors is not a finite number; take another checkpoint.',
    );
  });

  it('refuses what is gone, corrupt or of no use, in one sentence', async () => {
    const objects = objectsInMemory();
    const prepared = await preparedRun(objects, fromFile);
    const refusal = (source: InitSource) => expect(resolveInit(prepared, source, objects)).rejects;
    const other = await fileOf(objects, { 'other/name': { shape: [1], data: Float32Array.of(1) } });
    await refusal(other).toThrow(
      /^init: none of the \d+ parameters has a tensor of its name and shape in file weights\.safetensors, which has other\/name; this run has shared\/embedding/,
    );
    await objects.put('data/file', Uint8Array.of(1, 2, 3));
    await refusal(other).toThrow(/^init\.from\.file: file weights\.safetensors is not a safetensors file/);
    const checkpoint = await checkpointOf(prepared, objects);
    await objects.delete(checkpoint.key);
    await refusal(checkpoint).toThrow(/^init: run other-1, step 3 cannot be used: There is no checkpoint/);
  });
});

import { createHash } from 'node:crypto';
import { decodeWeights, encodeSafetensors, loadCheckpoint, type Tensors } from '@tributary/checkpoints';
import type { InitSpec } from '@tributary/config';
import { matchWeights, type WeightRule, type WeightTensor } from '@tributary/models';
import {
  dataKey,
  type InitReport,
  type ObjectStore,
  type PreparedInit,
  type PreparedRun,
  TributaryError,
} from '@tributary/protocol';
import { inOurVocabulary } from './our-vocabulary.js';
import { modelOf, specOf } from './prepared-model.js';
import { stateParts } from './state-parts.js';

/** Where a run's initial values lie. */
export type InitSource =
  | {
      readonly kind: 'checkpoint';
      /** For people: `run words-abcdefgh, step 1200`. */
      readonly label: string;
      /** Object key of its manifest. */
      readonly key: string;
      /** Of the run that it belongs to. */
      readonly preparedKey: string;
    }
  | { readonly kind: 'file'; readonly label: string /** Object key of the safetensors file. */; readonly key: string };

/** Checkpoints of this program hold parameters beside optimizer moments. */
const ownPrefix = 'parameter/';

/**
 * Names of tensors are taken as they are where they begin with a part (`shared/…`, `task-spell/…`); others are those of the shared
 * encoder.
 */
const lastRules: readonly WeightRule[] = [
  { from: 'shared/*', to: 'shared/*' },
  { from: 'task-*/*', to: 'task-*/*' },
  { from: '*', to: 'shared/*' },
];

/**
 * Matches a run's parameters with the tensors of a checkpoint or file, and stores the values that fit, content-addressed.
 * @throws TributaryError `DATA_INVALID`: gone, corrupt, nothing matched, not finite, or `strict` and incomplete
 */
export async function resolveInit(
  prepared: PreparedRun,
  source: InitSource,
  objects: ObjectStore,
): Promise<PreparedInit> {
  const spec = specOf(prepared);
  if (!spec.init) throw new RangeError(`run ${prepared.run} has no init`);
  const model = modelOf(prepared, spec);
  const read = await sourceTensors(source, objects);
  const { tensors, remarks } =
    source.kind === 'checkpoint'
      ? inOurVocabulary(read, prepared, await preparedRun(source.preparedKey, objects))
      : { tensors: read, remarks: [] };
  const rules = [...spec.init.map, ...lastRules];
  const found = stateParts(
    model,
    spec.tasks.map(({ name }) => name),
  ).map(({ part, layout }) => ({ part, ...matchWeights(layout, tensors, rules, `${part}/`) }));
  const values: Record<string, { readonly shape: readonly number[]; readonly data: Float32Array<ArrayBuffer> }> = {};
  for (const { part, values: own } of found)
    for (const [name, data] of own) values[`${part}/${name}`] = { shape: [data.length], data: new Float32Array(data) };
  const mismatched = found.flatMap((part) => part.mismatched);
  const shaped = new Set(mismatched.map(({ to }) => to));
  const used = new Set([...found.flatMap((part) => part.matched), ...mismatched].map(({ from }) => from));
  const report: InitReport = {
    from: source.label,
    matched: found.flatMap((part) => part.matched.map(({ from, to }) => ({ parameter: to, tensor: from }))),
    missing: found.flatMap((part) => part.missing.filter((name) => !shaped.has(name))),
    unused: [...tensors.keys()].filter((name) => !used.has(name)),
    otherShape: mismatched.map(({ from, to, fromShape, toShape }) => ({
      parameter: to,
      wanted: toShape,
      tensor: from,
      found: fromShape,
    })),
    remarks,
  };
  refuseUnfit(spec.init, report, values);
  const bytes = encodeSafetensors({ tensors: values, metadata: { format: 'tributary-init/1' } });
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const key = dataKey(sha256);
  if (!(await objects.has(key))) await objects.put(key, bytes);
  return { key, sha256, report };
}

async function preparedRun(key: string, objects: ObjectStore): Promise<PreparedRun> {
  return JSON.parse(new TextDecoder().decode(await objects.get(key))) as PreparedRun;
}

async function sourceTensors(source: InitSource, objects: ObjectStore): Promise<Map<string, WeightTensor>> {
  try {
    if (source.kind === 'file') {
      const { tensors } = decodeWeights(await objects.get(source.key), source.label);
      return floatTensors(
        tensors,
        '',
        Object.keys(tensors).some((name) => name.startsWith(ownPrefix)),
      );
    }
    const checkpoint = await loadCheckpoint(objects, source.key);
    const parts = checkpoint.manifest.parts.map(({ part }) => part).filter((part) => !part.startsWith('lane-'));
    const all = new Map<string, WeightTensor>();
    for (const part of parts)
      for (const [name, tensor] of floatTensors(await checkpoint.part(part), `${part}/`, true)) all.set(name, tensor);
    return all;
  } catch (cause) {
    if (!(cause instanceof TributaryError) || cause.code === 'SERVER_FAILED' || cause.code === 'DATA_INVALID')
      throw cause;
    throw new TributaryError('DATA_INVALID', `init: ${source.label} cannot be used: ${cause.message}`, { cause });
  }
}

/** @param own only parameters, under their own names: the rest are moments */
function floatTensors(tensors: Tensors, prefix: string, own: boolean): Map<string, WeightTensor> {
  const floats = new Map<string, WeightTensor>();
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    if (!(data instanceof Float32Array) || (own && !name.startsWith(ownPrefix))) continue;
    floats.set(`${prefix}${own ? name.slice(ownPrefix.length) : name}`, { shape, data });
  }
  return floats;
}

function refuseUnfit(
  init: InitSpec,
  report: InitReport,
  values: Readonly<Record<string, { readonly data: Float32Array }>>,
): void {
  const refuse = (what: string): TributaryError => new TributaryError('DATA_INVALID', `init: ${what}.`);
  const { from, matched, missing, otherShape, unused } = report;
  const parameters = matched.length + missing.length + otherShape.length;
  if (matched.length === 0)
    throw refuse(
      `none of the ${parameters} parameters has a tensor of its name and shape in ${from}, which has ${some([...unused, ...otherShape.map(({ tensor }) => tensor)])}; this run has ${some([...missing, ...otherShape.map(({ parameter }) => parameter)])}: name them in init.map`,
    );
  const left = [...missing, ...otherShape.map(({ parameter }) => parameter)];
  if (init.strict && left.length > 0)
    throw refuse(
      `${left.length} of the ${parameters} parameters get no value from ${from}: ${some(left)}; name them in init.map, or leave init.strict out`,
    );
  for (const { parameter, tensor } of matched) {
    const bad = values[parameter]?.data.findIndex((value) => !Number.isFinite(value)) ?? -1;
    if (bad !== -1)
      throw refuse(`value ${bad} of "${tensor}" in ${from} is not a finite number; take another checkpoint`);
  }
}

function some(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ');
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : names.length === 0 ? 'none' : shown;
}

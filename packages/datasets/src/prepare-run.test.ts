import { createHash } from 'node:crypto';
import { type RunFile, type RunFileInput, runFileSchema } from '@tributary/config';
import { dataKey, type ObjectStore, type RunId, TributaryError } from '@tributary/protocol';
import { describe, expect, it } from 'vitest';
import { decodeSplit } from './encoded-split.js';
import { hashedSplit } from './hashed-split.js';
import { buildData, prepareRun } from './prepare-run.js';
import { decodeIds, textCodec } from './text-codec.js';

type Tasks = RunFileInput['tasks'];
const fileTask = (name: string, data: object = {}): Tasks[number] =>
  ({ name, data: { source: 'file', format: 'tsv', path: 'p.tsv', ...data } }) as Tasks[number];
const specOf = (rest: Partial<RunFileInput>): RunFile =>
  runFileSchema.parse({
    experiment: 'e',
    tasks: [fileTask('copy')],
    budget: { steps: 1 },
    splits: { validation: 0.2, test: 0.2 },
    ...rest,
  });
const tsv = (pairs: readonly (readonly [string, string])[]): Uint8Array =>
  new TextEncoder().encode(['source\ttarget', ...pairs.map((pair) => pair.join('\t')), ''].join('\n'));
const many = Array.from({ length: 200 }, (_, i) => [`s${i % 100} x`, `t${i}`] as const);
const build = (spec: RunFile, files: Record<string, Uint8Array> = { 'p.tsv': tsv(many) }) =>
  buildData(spec, async (path) => files[path] as Uint8Array);
const refusal = async (promise: Promise<unknown>): Promise<string> => {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(TributaryError);
  expect((error as TributaryError).code).toBe('DATA_INVALID');
  return (error as Error).message;
};
function mapStore(): ObjectStore & { readonly bytes: Map<string, Uint8Array> } {
  const bytes = new Map<string, Uint8Array>();
  return {
    bytes,
    put: async (key, value) => void bytes.set(key, value),
    get: async (key) => {
      const found = bytes.get(key);
      if (found === undefined) throw new TributaryError('OBJECT_NOT_FOUND', key);
      return found;
    },
    has: async (key) => bytes.has(key),
    delete: async (key) => void bytes.delete(key),
    list: async (prefix) => [...bytes.keys()].filter((key) => key.startsWith(prefix)).sort(),
  };
}

describe('buildData', () => {
  it('keeps the pairs of one source in one split, as references of one example', async () => {
    const built = await build(specOf({}));
    const task = built.tasks.copy as (typeof built.tasks)[string];
    const seen = new Map<string, string>();
    for (const [name, { bytes, examples, sha256 }] of Object.entries(task.splits)) {
      const split = decodeSplit(bytes);
      expect(split.length).toBe(examples);
      expect(sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
      for (let i = 0; i < split.length; i++) {
        const { source, targets } = split.example(i);
        expect(targets.length).toBe(2);
        if (name === 'train') {
          const words = textCodec({ vocabulary: built.sourceVocabulary, split: 'whitespace', join: ' ' });
          const text = decodeIds(words, source);
          expect(seen.has(text)).toBe(false);
          seen.set(text, name);
          expect(hashedSplit(text.replace(' ', '\u0000'), { validation: 0.2, test: 0.2 })).toBe('train');
        }
      }
    }
    const total = Object.values(task.splits).reduce((sum, { examples }) => sum + examples, 0);
    expect(total).toBe(100);
  });

  it('makes vocabularies of the training split alone, and of all tasks for sources', async () => {
    const files = { 'p.tsv': tsv([['a a b', 'x']]), 'v.tsv': tsv([['a held', 'out']]), 'c.tsv': tsv([['qr', 'y z']]) };
    const held = { validation: 'v.tsv', test: 'v.tsv' };
    const spec = specOf({
      tasks: [
        fileTask('one', held),
        fileTask('two', { path: 'c.tsv', ...held, tokens: { source: 'characters', target: 'whitespace' } }),
      ],
    });
    const built = await build(spec, files);
    const special = ['<pad>', '<s>', '</s>', '<unk>'];
    expect(built.sourceVocabulary).toEqual([...special, 'a', 'b', 'q', 'r']);
    expect(built.tasks.one?.targetVocabulary).toEqual([...special, 'x']);
    expect(built.tasks.two?.targetVocabulary).toEqual([...special, 'y', 'z']);
    expect([...decodeSplit(built.tasks.one?.splits.test.bytes as Uint8Array).source(0)]).toEqual([4, 3]);
    expect(built.sources['file:v.tsv']).toBe(`sha256:${createHash('sha256').update(files['v.tsv']).digest('hex')}`);
    expect(built.tasks.two).toMatchObject({ sourceJoin: '', targetJoin: ' ', sourceSplit: 'characters' });

    const joint = await build({ ...spec, model: { ...spec.model, embedding: { size: 8, share: 'all' } } }, files);
    expect(joint.sourceVocabulary).toEqual([...special, 'a', 'b', 'q', 'r', 'x', 'y', 'z']);
    expect(joint.tasks.one?.targetVocabulary).toEqual(joint.sourceVocabulary);
  });

  it('refuses, truncates or skips over-long pairs, and counts them', async () => {
    const files = { 'p.tsv': tsv([...many, ['a b c d e', 't'], ['a b c d f', 't'], ['a', 'b c d e']]) };
    const lengths = { source: 4, target: 3 };
    expect(await refusal(build(specOf({ lengths }), files))).toBe(
      'Task "copy": p.tsv line 202 has a source of 5 symbols, more than lengths.source of 4; 3 pairs are too long: raise lengths.source, or set lengths.overlong to truncate or skip.',
    );
    const count = async (overlong: 'truncate' | 'skip') => {
      const { tasks } = await build(specOf({ lengths: { ...lengths, overlong } }), files);
      const total = (values: number[]) => values.reduce((a, b) => a + b, 0);
      return [
        total(Object.values(tasks.copy?.overlong ?? {})),
        total(Object.values(tasks.copy?.splits ?? {}).map(({ examples }) => examples)),
      ];
    };
    expect(await count('skip')).toEqual([3, 100]);
    expect(await count('truncate')).toEqual([3, 102]);
  });

  it('names the task, the count and the remedy of a vocabulary over the limit', async () => {
    expect(await refusal(build(specOf({ vocabulary: { limit: 20 } })))).toMatch(
      /^The source vocabulary of task "copy" has \d+ symbols .*limit of 20: raise vocabulary.limit/,
    );
    const file = {
      'p.tsv': tsv(Array.from({ length: 200 }, (_, i) => ['a b '.repeat(1 + (i % 50)), `t${i}`] as const)),
    };
    expect(await refusal(build(specOf({ vocabulary: { limit: 20 }, lengths: { source: 200 } }), file))).toMatch(
      /^The target vocabulary of task "copy"/,
    );
  });

  it('refuses a split that has too few targets for a metric that ranks them', async () => {
    const ranked = { ...fileTask('copy', { tokens: { target: 'characters' } }), metrics: ['hits_at_1' as const] };
    const built = (targets: number) =>
      build(specOf({ tasks: [ranked] }), {
        'p.tsv': tsv(Array.from({ length: 300 }, (_, i) => [`s${i}`, `t${i % targets}`] as const)),
      });
    expect((await built(300)).tasks.copy?.splits.test.examples).toBeGreaterThan(20);
    expect(await refusal(built(9))).toBe(
      'Metric hits_at_1 ranks each target among 20, so the validation split of task "copy" needs 20 different targets, and has 9: give it more data, or leave hits_at_1 out of the task\'s metrics.',
    );
  });

  it('refuses a split without examples', async () => {
    const few = { 'p.tsv': tsv(many.slice(0, 2)) };
    const spec = specOf({ splits: { validation: 0, test: 0.01 } });
    expect(await refusal(build(spec, few))).toMatch(
      /No validation examples are left of the 2 pairs of task "copy".*raise splits.validation \(now 0\), add data, or name a file of pairs as data.validation/,
    );
    const long = { 'p.tsv': tsv([['a b', 'c']]), 'v.tsv': tsv([['a', 'c']]) };
    const skip = specOf({
      lengths: { source: 1, overlong: 'skip' },
      tasks: [fileTask('copy', { validation: 'v.tsv', test: 'v.tsv' })],
    });
    expect(await refusal(build(skip, long))).toMatch(/No train examples .* 1 were skipped as too long/);
  });
});

describe('prepareRun', () => {
  it('writes byte-identical content-addressed splits', async () => {
    const spec = specOf({
      tasks: [{ ...fileTask('copy'), replicas: 2 }, fileTask('other', { tokens: { source: 'characters' } })],
    });
    const run = async () => {
      const objects = mapStore();
      await objects.put('data/up', tsv(many));
      const prepared = await prepareRun({ run: 'e-1' as RunId, spec, files: { 'p.tsv': 'data/up' } }, { objects });
      return { objects, prepared };
    };
    const { objects, prepared } = await run();
    const again = await run();
    expect(again.prepared).toEqual(prepared);
    expect(again.objects.bytes).toEqual(objects.bytes);
    expect(prepared.lanes).toEqual([
      { lane: 0, task: 'copy', replica: 0, replicas: 2 },
      { lane: 1, task: 'copy', replica: 1, replicas: 2 },
      { lane: 2, task: 'other', replica: 0, replicas: 1 },
    ]);
    for (const task of Object.values(prepared.tasks)) {
      for (const { key, sha256, examples } of Object.values(task.splits)) {
        expect(key).toBe(dataKey(sha256));
        expect(decodeSplit(await objects.get(key)).length).toBe(examples);
      }
    }
    expect(JSON.parse(JSON.stringify(prepared))).toEqual(prepared);
  });

  it('names a file that was not uploaded', async () => {
    const prepare = prepareRun({ run: 'e-1' as RunId, spec: specOf({}), files: {} }, { objects: mapStore() });
    expect(await refusal(prepare)).toMatch(/data file p.tsv was not uploaded/);
  });

  it('prepares the three words tasks over one vocabulary of letters and phones', async () => {
    const kinds = ['pronounce', 'spell', 'stress'] as const;
    const tasks = kinds.map((kind) => ({ name: kind, data: { source: 'words' as const, kind } }));
    const objects = mapStore();
    const spec = specOf({ tasks, splits: {} });
    const prepared = await prepareRun({ run: 'e-1' as RunId, spec, files: {} }, { objects });
    expect(prepared.sourceVocabulary.length).toBe(4 + 26 + 39);
    expect(kinds.map((kind) => prepared.tasks[kind]?.targetVocabulary.length)).toEqual([4 + 39, 4 + 26, 4 + 3]);
    const split = decodeSplit(await objects.get(prepared.tasks.pronounce?.splits.test.key as string));
    expect(split.length).toBe(prepared.tasks.pronounce?.splits.test.examples);
    expect(prepared.sources['npm:cmu-pronouncing-dictionary']).toMatch(/^3\.0\.0 sha256:/);
  });
});

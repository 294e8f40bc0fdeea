import { runFileSchema } from '@tributary/config';
import { TributaryError } from '@tributary/protocol';
import { describe, expect, it } from 'vitest';
import { batchCursor } from './batch-cursor.js';
import { decodeSplit, encodeSplit } from './encoded-split.js';
import { evaluationBatches } from './evaluation-batches.js';
import { framesOf } from './frame-sequence.js';
import { buildData } from './prepare-run.js';

const frames = (...vectors: number[][]) => framesOf(vectors, 2);
const content = {
  sourceVocabulary: 6,
  targetVocabulary: 4,
  targetWidth: 2,
  examples: [
    { source: [4, 5, 4], targets: [frames([0, 0.5], [1, 0.25])] },
    { source: [5], targets: [frames([0.125, 0]), frames([0.75, 1], [0, 0], [1, 1])] },
  ],
};

describe('a split of vectors', () => {
  it('gives back symbols and vectors, byte for byte the same each time', () => {
    const bytes = encodeSplit(content);
    const split = decodeSplit(new Uint8Array([0, ...bytes]).subarray(1));
    expect(encodeSplit(content)).toEqual(bytes);
    expect([split.sourceWidth, split.targetWidth, split.pairCount]).toEqual([0, 2, 3]);
    expect(split.example(1)).toEqual({
      source: Int32Array.of(5),
      targets: [Int32Array.of(3), Int32Array.of(3, 3, 3)],
      targetFeatures: [Float32Array.of(0.125, 0), Float32Array.of(0.75, 1, 0, 0, 1, 1)],
    });
    const sources = decodeSplit(
      encodeSplit({
        sourceVocabulary: 4,
        targetVocabulary: 6,
        sourceWidth: 2,
        examples: [{ source: frames([1, 2], [3, 4]), targets: [[4]] }],
      }),
    );
    expect(sources.sourceFeatures(0)).toEqual(Float32Array.of(1, 2, 3, 4));
    expect(sources.targetFeatures(0).length).toBe(0);
  });

  it('refuses every flipped bit and truncation, and a sequence of the other kind', () => {
    const bytes = encodeSplit(content);
    const refused = (changed: Uint8Array): void => expect(() => decodeSplit(changed)).toThrow(TributaryError);
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      const copy = bytes.slice();
      copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
      refused(copy);
    }
    for (let size = 0; size < bytes.length; size++) refused(bytes.subarray(0, size));
    expect(() => encodeSplit({ ...content, targetWidth: 3 })).toThrow(RangeError);
    expect(() => encodeSplit({ ...content, targetWidth: 0 })).toThrow(RangeError);
    expect(() => encodeSplit({ ...content, sourceWidth: 2 })).toThrow(RangeError);
  });

  it('lays vectors beside ids that say where there is one, without an end symbol', () => {
    const split = decodeSplit(encodeSplit(content));
    const { batches } = evaluationBatches(split, { batchSize: 3, buckets: 1 });
    expect(batches).toHaveLength(1);
    const [batch] = batches;
    expect(batch?.shape).toEqual({ batch: 3, source: 4, target: 2 });
    expect([...(batch?.target ?? [])]).toEqual([1, 3, 3, 1, 3, 0, 0, 0, 0]);
    expect(batch?.sourceFeatures).toBeUndefined();
    expect([...(batch?.targetFeatures ?? [])]).toEqual([0, 0.5, 1, 0.25, 0.125, 0, 0, 0, 0, 0, 0, 0]);
    expect([batch?.tokens, batch?.targetTokens]).toEqual([3 + 2 + 1 + 1, 3]);
    const cursor = batchCursor({ split, seed: 1, task: 't', replica: 0, replicas: 1, batchSize: 2, buckets: 1 });
    const seen = [cursor.next(), cursor.next()].flatMap(({ pairs }) => pairs);
    expect(seen.sort()).toEqual([0, 1, 2]);
  });
});

const spec = (features: { source?: number; target?: number }, activation: 'sigmoid' | 'linear' = 'sigmoid') =>
  runFileSchema.parse({
    experiment: 'x',
    tasks: [
      {
        name: 't',
        ...(features.target === undefined ? {} : { head: { kind: 'features', size: features.target, activation } }),
        data: { source: 'file', format: 'jsonl', path: 'v.jsonl', features, validation: 'v.jsonl', test: 'v.jsonl' },
      },
    ],
    budget: { steps: 1 },
  });
const build = (features: { source?: number; target?: number }, ...rows: unknown[]) =>
  buildData(spec(features), async () =>
    new TextEncoder().encode(rows.map((row) => (typeof row === 'string' ? row : JSON.stringify(row))).join('\n')),
  );

describe('vectors in a file', () => {
  it('become a side of the split, with several references and no vocabulary', async () => {
    const built = await build(
      { source: 2 },
      { source: [[0.5, -7]], target: 'a b' },
      { source: [[0.5, -7]], target: 'b' },
      {
        source: [
          [0.5, -7],
          [1, 0],
        ],
        target: 'b',
      },
    );
    const task = built.tasks.t;
    expect(task?.sourceFeatures).toBe(2);
    expect(task?.targetFeatures).toBeUndefined();
    expect(built.sourceVocabulary).toEqual(['<pad>', '<s>', '</s>', '<unk>']);
    const split = decodeSplit(task?.splits.train.bytes as Uint8Array);
    expect([split.length, split.pairCount]).toEqual([2, 3]);
    expect(split.sourceFeatures(0)).toEqual(Float32Array.of(0.5, -7));
  });

  it('may have targets beyond 0 to 1 where the head can put them out', async () => {
    const rows = new TextEncoder().encode(JSON.stringify({ source: 'a', target: [[-3, 7]] }));
    await expect(buildData(spec({ target: 2 }), async () => rows)).rejects.toThrow(/outside 0 to 1/);
    expect((await buildData(spec({ target: 2 }, 'linear'), async () => rows)).tasks.t?.targetFeatures).toBe(2);
  });

  it.each([
    [{ target: 2 }, '{"source": "a", "target": [[0, NaN]]}', /v\.jsonl line 2 is not JSON/],
    [{ target: 2 }, { source: 'a', target: [[0, null]] }, /line 2: field "target" has null as number 2 of vector 1/],
    [{ target: 2 }, '{"source": "a", "target": [[0, 1e999]]}', /has Infinity as number 2 of vector 1/],
    [{ target: 2 }, { source: 'a', target: [[0, 1], [0]] }, /is ragged: vector 2 has 1 number, vector 1 has 2/],
    [{ target: 2 }, { source: 'a', target: [[0, 1, 0]] }, /vectors of 3 numbers, but data\.features\.target is 2/],
    [{ target: 2 }, { source: 'a', target: [[0, 1.5]] }, /has 1\.5 as number 2 of vector 1, outside 0 to 1/],
    [{ target: 2 }, { source: 'a', target: [] }, /is empty: give it at least one vector/],
    [{ target: 2 }, { source: 'a', target: 'b' }, /is not a list of vectors/],
    [{ target: 2 }, { source: 'a', target: [0, 1] }, /has no list of numbers as vector 1/],
    [{ target: 2 }, { source: [[1]], target: [[0, 1]] }, /field "source" is a list: for vectors give their width/],
  ])('are refused where they are wrong: %j %j', async (features, row, message) => {
    await expect(build(features, { source: 'a', target: [[0, 1]] }, row)).rejects.toThrow(message);
  });
});

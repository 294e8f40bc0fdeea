import { describe, expect, it } from 'vitest';
import type { RunId } from './ids.js';
import { decodeRunRecord, encodeRunRecord } from './record-codec.js';
import type { RunRecord } from './records.js';

const base = { run: 'words-abc' as RunId, attempt: 1, generation: 2, member: 0 };
const sha256 = 'a'.repeat(64);

const records: RunRecord[] = [
  {
    ...base,
    kind: 'points',
    points: [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0.1 + 0.2, 5e-324].map(
      (value, step) => ({
        subject: 'task:spell',
        series: 'train.loss',
        step,
        value,
      }),
    ),
    timings: [{ subject: 'run', series: 'step_seconds', step: 1, value: 0.25, generation: 2 }],
    tokens: 12,
  },
  { ...base, kind: 'ledger', steps: [{ step: 3, lane: 1, epoch: 0, position: 64, microbatches: 2 }] },
  { ...base, kind: 'snapshot', step: 10, parts: [{ part: 'shared', stateHash: sha256 }] },
  { ...base, kind: 'lineage', entries: { node: 'v20' } },
  { ...base, kind: 'member-end', step: 10, outcome: 'finished' },
  {
    ...base,
    kind: 'checkpoint-part',
    part: {
      run: base.run,
      attempt: 1,
      generation: 2,
      step: 10,
      part: 'shared',
      parts: ['shared', 'task-spell'],
      key: 'checkpoints/x',
      sizeBytes: 5_000_000_000,
      sha256,
      stateHash: sha256,
    },
  },
  {
    ...base,
    kind: 'matrices',
    matrices: [
      {
        group: 'all',
        step: 1,
        tasks: [0, 2],
        gram: [0.1 + 0.2, -0, Number.POSITIVE_INFINITY],
        coefficients: [0.5, Number.NaN],
      },
      { group: 'encoder.1', step: 1, tasks: [1], gram: [5e-324], coefficients: [1] },
    ],
  },
];

const matrix = (changes: Record<string, unknown>) =>
  JSON.stringify({
    ...base,
    kind: 'matrices',
    matrices: [{ group: 'all', step: 1, tasks: [0, 1], gram: [1, 0, 1], coefficients: [0.5, 0.5], ...changes }],
  });

const decodeText = (text: string) => () => decodeRunRecord(new TextEncoder().encode(text));

describe('the record codec', () => {
  it('keeps every record and every float64', () => {
    for (const record of records) expect(decodeRunRecord(encodeRunRecord(record))).toStrictEqual(record);
  });

  it('reads the null of plain JSON as NaN', () => {
    const plain = JSON.stringify(records[0]).replace('"tokens":12', '"tokens":1');
    const decoded = decodeText(plain)();
    expect(decoded.kind === 'points' && decoded.points[0]?.value).toBeNaN();
  });

  it.each([
    ['no JSON', '{'],
    ['a list', '[]'],
    ['an unknown kind', JSON.stringify({ ...base, kind: 'other' })],
    ['a run id that is none', JSON.stringify({ ...records[1], run: 'a b' })],
    ['a negative step', JSON.stringify({ ...records[2], step: -1 })],
    ['a step beyond int4', JSON.stringify({ ...records[2], step: 2 ** 31 })],
    [
      'a value that is text',
      '{"run":"a","attempt":1,"generation":1,"member":0,"kind":"points","points":[{"subject":"run","series":"a","step":1,"value":"1"}],"timings":[],"tokens":0}',
    ],
    ['a matrix without tasks', matrix({ tasks: [], gram: [], coefficients: [] })],
    ['a matrix of one task twice', matrix({ tasks: [1, 1] })],
    ['a matrix of no square', matrix({ gram: [1, 0] })],
    ['a matrix with a coefficient too few', matrix({ coefficients: [1] })],
    [
      'a part of another run',
      JSON.stringify({ ...records.find(({ kind }) => kind === 'checkpoint-part'), run: 'other' }),
    ],
  ])('refuses %s', (_what, text) => {
    expect(decodeText(text)).toThrow(expect.objectContaining({ code: 'DATA_INVALID' }));
  });
});

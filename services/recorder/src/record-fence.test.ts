import type { RunId, RunRecord } from '@tributary/protocol';
import { expect, it } from 'vitest';
import { fenceRecord } from './record-fence.js';

const base = { run: 'fenced-1' as RunId, attempt: 1, generation: 1, member: 0 };
const later = [{ generation: 2, resumeStep: 4 }];
const steps = [3, 4, 5, 6];
const part = { part: 'shared', stateHash: 'a'.repeat(64) };
const checkpointPart = (step: number): RunRecord => ({
  ...base,
  kind: 'checkpoint-part',
  part: { ...base, step, part: 'shared', parts: ['shared'], key: 'k', sizeBytes: 1, sha256: '', stateHash: '' },
});
const sample = { task: 'spell' as never, index: 0, source: '', generated: '', references: [] };

it('drops what was done beyond the step where a later generation began', () => {
  const points = steps.map((step) => ({ subject: 'run' as const, series: 'grad_norm', step, value: step }));
  const timings = points.map((point) => ({ ...point, generation: 1 }));
  const matrices = steps.map((step) => ({ group: 'all', step, tasks: [0], gram: [1], coefficients: [1] }));
  const ledger = steps.map((step) => ({ step, lane: 0, epoch: 0, position: step, microbatches: 1 }));
  const cases: [RunRecord, number[]][] = [
    [{ ...base, kind: 'points', points, timings, tokens: 3 }, [3, 4, 3, 4]],
    [{ ...base, kind: 'matrices', matrices }, [3, 4]],
    [{ ...base, kind: 'ledger', steps: ledger }, [3, 4]],
  ];
  for (const [record, left] of cases) {
    const fenced = fenceRecord(record, later);
    const kept = Object.values(fenced.record ?? {})
      .filter(Array.isArray)
      .flat() as { readonly step: number }[];
    expect(kept.map(({ step }) => step)).toEqual(left);
    expect(fenced.dropped).toBe(left.length);
    expect(fenceRecord(record, [{ generation: 2, resumeStep: 2 }])).toEqual({ record: null, dropped: left.length * 2 });
    expect(fenceRecord({ ...record, generation: 2 }, later).dropped).toBe(0);
  }
});

it.each([
  ['snapshot', (step: number): RunRecord => ({ ...base, kind: 'snapshot', step, parts: [part, part] }), 2],
  ['samples', (step: number): RunRecord => ({ ...base, kind: 'samples', step, samples: [sample] }), 1],
  ['checkpoint-part', checkpointPart, 1],
])('keeps a %s record of the fence step, and drops one beyond it', (_, at, rows) => {
  expect(fenceRecord(at(4), later)).toEqual({ record: at(4), dropped: 0 });
  expect(fenceRecord(at(5), later)).toEqual({ record: null, dropped: rows });
});

it('keeps how a generation ended and what it was made of, and a record of nothing', () => {
  const kept: RunRecord[] = [
    { ...base, kind: 'member-end', step: 9, outcome: 'finished' },
    { ...base, kind: 'lineage', entries: { node: 'v20' } },
    { ...base, kind: 'points', points: [], timings: [], tokens: 5 },
  ];
  for (const record of kept) expect(fenceRecord(record, later)).toEqual({ record, dropped: 0 });
});

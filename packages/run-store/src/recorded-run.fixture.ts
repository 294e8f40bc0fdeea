import { runFileSchema } from '@tributary/config';
import type { RunId, RunRecord, TaskName } from '@tributary/protocol';
import type { RunDatabase } from './database.js';
import { recordGeneration } from './generations.js';
import { changeTags, setArchived, setNote } from './run-labels.js';
import { createRun, endAttempt, setRunState, startAttempt } from './runs.js';
import { writeRecords } from './write-records.js';

const spec = runFileSchema.parse({
  experiment: 'recorded',
  tasks: [
    { name: 'spell', data: { source: 'words', kind: 'spell' }, replicas: 2 },
    { name: 'stress', data: { source: 'words', kind: 'stress' } },
  ],
  tags: { purpose: 'test "of" everything' },
  note: 'One line,\nand another.',
  budget: { steps: 100 },
});

/** Values that are easily lost on the way. */
const oddValues = [
  0.1 + 0.2,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  -0,
  5e-324,
  Number.MAX_VALUE,
];

/**
 * A failed run with something in every table that a run has, and in one series more points than a line of an export holds.
 * @param points of that series
 */
export async function recordedRun(db: RunDatabase, id: string, points = 2_500): Promise<RunId> {
  const run = id as RunId;
  await createRun(db, {
    ...{ run, experiment: 'recorded', spec, files: { 'a.tsv': 'data/1' } },
    parent: { run: 'long-gone', step: 7 },
  });
  const attempt = await startAttempt(db, run);
  await setRunState(db, run, { state: 'running', reason: null });
  await recordGeneration(db, {
    ...{ run, attempt, generation: 1, resumeStep: 0, reason: null },
    members: [{ member: 0, worker: 'w1', lanes: [0, 1, 2] }],
  } as unknown as Parameters<typeof recordGeneration>[1]);
  const base = { run, attempt, generation: 1, member: 0 };
  const nasty = 'tab\tline\nback\\slash "quoted", {1} \u0001 ü 😀';
  const records: RunRecord[] = [
    {
      ...base,
      kind: 'points',
      tokens: 0,
      points: [
        ...oddValues.map((value, index) => ({
          ...{ subject: 'task:spell' as const, series: 'train.loss', step: index + 1, value },
        })),
        ...Array.from({ length: points }, (_, index) => ({
          ...{ subject: 'run' as const, series: 'grad_norm', step: 3 * index, value: Math.sin(index) },
        })),
        { subject: 'lane:0', series: 'train.loss', step: 1, value: 1 },
        { subject: 'run', series: nasty, step: 1, value: 2 },
      ],
      timings: [1, 2].flatMap((generation) =>
        [1, 2, 3].map((step) => ({
          ...{ subject: 'run' as const, series: 'step_seconds', step, generation, value: step / generation },
        })),
      ),
    },
    {
      ...base,
      kind: 'matrices',
      matrices: [
        { group: 'all', step: 1, tasks: [0, 1], gram: [1, Number.NaN, -0], coefficients: [0.5, 1e-300] },
        { group: 'all', step: 2, tasks: [1], gram: [2], coefficients: [1] },
        { group: nasty, step: 1, tasks: [0], gram: [3], coefficients: [1] },
      ],
    },
    {
      ...base,
      kind: 'ledger',
      steps: Array.from({ length: 1_200 }, (_, index) => ({
        ...{ step: Math.floor(index / 3), lane: index % 3, epoch: 0, position: index, microbatches: 1 },
      })),
    },
    { ...base, kind: 'snapshot', step: 25, parts: [{ part: 'shared', stateHash: 'ab'.repeat(32) }] },
    {
      ...base,
      kind: 'samples',
      step: 10,
      samples: [{ task: 'spell' as TaskName, index: 0, source: nasty, generated: '', references: [nasty] }],
    },
    { ...base, kind: 'lineage', entries: { node: 'v20', nasty } },
    { ...base, kind: 'member-end', step: 10, outcome: 'failed' },
  ];
  await writeRecords(db, records);
  // A redone value that differs.
  const redone = { subject: 'task:spell' as const, series: 'train.loss', step: 1, value: 7 };
  await writeRecords(db, [{ ...base, generation: 2, kind: 'points', tokens: 0, points: [redone], timings: [] }]);
  await endAttempt(db, run, attempt, { state: 'failed', reason: nasty });
  await changeTags(db, run, { set: { owner: 'a,b\n"c"', empty: '' } });
  await setNote(db, run, nasty);
  await setArchived(db, [run], true);
  return run;
}

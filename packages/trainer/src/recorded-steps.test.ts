import { type RunFileInput, runFileSchema } from '@tributary/config';
import { expect, it } from 'vitest';
import { isRecordedStep } from './recorded-steps.js';

const specOf = (changes: Partial<RunFileInput>) =>
  runFileSchema.parse({
    experiment: 'recorded',
    tasks: [{ name: 'spell', data: { source: 'words', kind: 'spell' } }],
    evaluation: { every: 15 },
    budget: { steps: 40 },
    ...changes,
  });
const recorded = (changes: Partial<RunFileInput>, steps = Array.from({ length: 40 }, (_, index) => index + 1)) =>
  steps.filter((step) => isRecordedStep(specOf(changes), step));

it('records every step unless thinned', () => {
  expect(recorded({})).toHaveLength(40);
});

it('records every n-th step, and the first, the last and those with an evaluation beside them', () => {
  expect(recorded({ records: { every: 12 } })).toEqual([1, 12, 15, 24, 30, 36, 40]);
  expect(recorded({ records: { every: 1_000 } })).toEqual([1, 15, 30, 40]);
});

it('lets an exchange of several steps stand for all of them', () => {
  const diloco: Partial<RunFileInput> = {
    sync: { strategy: 'diloco', innerSteps: 5 },
    evaluation: { every: 20 },
    checkpoints: { every: 20 },
  };
  const rounds = [5, 10, 15, 20, 25, 30, 35, 40];
  expect(recorded({ ...diloco, records: { every: 12 } }, rounds)).toEqual([5, 15, 20, 25, 40]);
  expect(recorded({ ...diloco, records: { every: 1 } }, rounds)).toEqual(rounds);
});

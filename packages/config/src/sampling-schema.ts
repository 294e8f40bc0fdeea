import { z } from 'zod';

const draws = z
  .int()
  .positive()
  .max(1024)
  .describe('Draws of a step, with replacement; a task has as many shares of a step as it was drawn.');
const temperature = z.number().positive().max(1e6);

/** Which tasks take part in a step, and with how many shares. */
export const samplingSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('all').describe('Every task takes part in every step.') }),
  z.strictObject({
    kind: z.literal('temperature').describe('Tasks are drawn in proportion to n^(1/T), n their training examples.'),
    temperature: temperature.describe('T: 1 draws in proportion to the data, a large T evenly.'),
    final: temperature
      .optional()
      .describe('T at the end of the budget, reached along a straight line; default: no change.'),
    draws: draws.default(1),
  }),
  z.strictObject({
    kind: z.literal('proportions').describe('Tasks are drawn in fixed proportions.'),
    proportions: z
      .record(z.string(), z.number().min(0))
      .describe('Share of each task, by its name; any scale. A task that is left out takes no part.'),
    draws: draws.default(1),
  }),
]);

/** When a task takes part, and what its lanes do in a step. */
export const taskSamplingFields = {
  microbatches: z
    .int()
    .positive()
    .max(1024)
    .default(1)
    .describe("Multiplies batch.microbatches for this task's lanes, for tasks whose steps differ in worth or cost."),
  steps: z
    .strictObject({
      from: z.int().positive().default(1).describe('First step that the task takes part in.'),
      until: z.int().positive().optional().describe('Last step that it takes part in; default: the last of all.'),
    })
    .prefault({})
    .describe('The only steps that the task takes part in.'),
  cost: z
    .number()
    .positive()
    .optional()
    .describe(
      'Time of one of its batches beside those of other tasks. Decides where lanes are placed, never the result; default: by mean length.',
    ),
};

interface SampledRun {
  readonly tasks: readonly {
    readonly name: string;
    readonly steps: { readonly from: number; readonly until?: number | undefined };
  }[];
  readonly sampling: z.output<typeof samplingSchema>;
  readonly budget: { readonly steps: number };
}

/** What of a run's sampling cannot be: proportions of unknown tasks, empty windows, steps without a task. */
export function samplingProblems({
  tasks,
  sampling,
  budget,
}: SampledRun): { path: (string | number)[]; message: string }[] {
  const problems: { path: (string | number)[]; message: string }[] = [];
  const known = new Set(tasks.map(({ name }) => name));
  const shares = sampling.kind === 'proportions' ? sampling.proportions : null;
  for (const name of Object.keys(shares ?? {}))
    if (!known.has(name))
      problems.push({
        path: ['sampling', 'proportions', name],
        message: `is no task of this run; its tasks are ${[...known].join(', ')}`,
      });
  tasks.forEach(({ steps: { from, until } }, index) => {
    if (until !== undefined && until < from)
      problems.push({
        path: ['tasks', index, 'steps', 'until'],
        message: `must be at least steps.from, which is ${from}`,
      });
    else if (from > budget.steps)
      problems.push({
        path: ['tasks', index, 'steps', 'from'],
        message: `lies behind the last step, ${budget.steps} (budget.steps); the task would never take part`,
      });
  });
  if (problems.length > 0) return problems;
  const taking = tasks.filter(
    ({ name }) => shares === null || ((Object.hasOwn(shares, name) && shares[name]) || 0) > 0,
  );
  if (taking.length === 0)
    return [
      {
        path: ['sampling', 'proportions'],
        message: 'leaves no task with a share above 0; give one to a task at least',
      },
    ];
  const empty = firstEmptyStep(taking, budget.steps);
  if (empty !== null)
    problems.push({
      path: shares === null ? ['tasks'] : ['sampling', 'proportions'],
      message: `no task takes part in step ${empty}; widen tasks[].steps${shares === null ? '' : ', or give a share to a task of that step'}`,
    });
  return problems;
}

/** The first of steps 1 .. `steps` that lies in no window; null: none. */
function firstEmptyStep(tasks: SampledRun['tasks'], steps: number): number | null {
  let covered = 0;
  for (const { steps: window } of tasks.toSorted((a, b) => a.steps.from - b.steps.from)) {
    if (window.from > covered + 1) break;
    covered = Math.max(covered, window.until ?? steps);
  }
  return covered >= steps ? null : covered + 1;
}

import { z } from 'zod';

const codec = z
  .enum(['fp32', 'bf16', 'int8'])
  .default('fp32')
  .describe(
    'Encoding on the wire: `fp32` loses nothing; `bf16` takes half the bytes; `int8` a quarter, and what it loses is added to the next step.',
  );

/** `strategy` may be left out: a run file that names none means `all-reduce`. */
const allReduceSchema = z.strictObject({
  strategy: z.literal('all-reduce').optional().default('all-reduce').describe('Gradients are combined at every step.'),
  codec,
});

const dilocoSchema = z.strictObject({
  strategy: z
    .literal('diloco')
    .describe(
      'Every lane trains by itself for some steps; what all have moved is then combined (Douillard 2023). For slow links.',
    ),
  codec,
  innerSteps: z
    .int()
    .positive()
    .max(1_000_000)
    .default(50)
    .describe(
      'Steps that a lane trains by itself before an exchange. The steps of budget, evaluation and checkpoints are multiples of it.',
    ),
  outer: z
    .strictObject({
      lr: z
        .number()
        .positive()
        .max(100)
        .default(0.7)
        .describe('Learning rate of the outer update, the same throughout.'),
      momentum: z
        .number()
        .min(0)
        .lt(1)
        .default(0.9)
        .describe(
          "Nesterov momentum of the outer update; 0 takes the lanes' mean as it is, times lr. 0.9 is for hundreds of rounds; runs of a few dozen trained better with lr 1 and momentum 0.5.",
        ),
    })
    .prefault({})
    .describe('How the parameters of all lanes move by what the lanes have moved, combined.'),
});

/** How lanes come to one update. */
export const syncSchema = z.discriminatedUnion('strategy', [allReduceSchema, dilocoSchema]);

export type SyncSpec = z.output<typeof syncSchema>;

/** Steps of the budget between two exchanges. */
export function stepsOfExchange(sync: SyncSpec): number {
  return sync.strategy === 'diloco' ? sync.innerSteps : 1;
}

/** The multiples of `every` on both sides of a number of steps; above 0. */
export function nearestMultiples(steps: number, every: number): readonly number[] {
  const below = Math.floor(steps / every) * every;
  return below === 0 ? [every] : [below, below + every];
}

interface Stepping {
  readonly sync: SyncSpec;
  readonly budget: { readonly steps: number };
  readonly evaluation: { readonly every: number };
  readonly checkpoints: { readonly every: number };
  readonly tasks: readonly { readonly steps: { readonly from: number; readonly until?: number | undefined } }[];
}

/** Numbers of steps at which no exchange ends, where one must. */
export function roundProblems(run: Stepping): { readonly path: (string | number)[]; readonly message: string }[] {
  const every = stepsOfExchange(run.sync);
  const ends: readonly [path: (string | number)[], steps: number][] = [
    [['budget', 'steps'], run.budget.steps],
    [['evaluation', 'every'], run.evaluation.every],
    [['checkpoints', 'every'], run.checkpoints.every],
    ...run.tasks.flatMap(({ steps: { until } }, task): [(string | number)[], number][] =>
      until === undefined ? [] : [[['tasks', task, 'steps', 'until'], until]],
    ),
  ];
  const problems = ends
    .filter(([, steps]) => steps % every !== 0)
    .map(([path, steps]) => ({
      path,
      message: `must be a multiple of sync.innerSteps, ${every}: lanes agree only then; ${steps} is not, take ${nearestMultiples(steps, every).join(' or ')}`,
    }));
  const starts = run.tasks.flatMap(({ steps: { from } }, task) =>
    (from - 1) % every === 0
      ? []
      : [
          {
            path: ['tasks', task, 'steps', 'from'],
            message: `must be the first step of a round of sync.innerSteps, ${every}; ${from} is not, take ${[0, 1].map((more) => (Math.floor((from - 1) / every) + more) * every + 1).join(' or ')}`,
          },
        ],
  );
  return [...problems, ...starts];
}

import type { CodecName, Combiner } from '@tributary/collectives';
import type { ComplianceCase } from './compliance-case.js';
import type { ExchangeRun, Placement } from './exchange-run.js';
import { type Scenario, scenario, spoiled, statefulCombiner } from './exchange-scenario.js';

const twoBlocks = 65_536 * 2 + 777;
const oneBlock = 65_536 + 777;

const apart: Placement = [[4], [3], [2], [1], [0]];
const uneven: Placement = [[3, 0], [], [1, 4, 2]];
const together: Placement = [[2, 0, 4, 1, 3]];

const stateful: Partial<Scenario> = { combiner: statefulCombiner, combinerName: 'stateful' };

/** Microbatches of lanes 0 to 4 in one step after the other; lanes 0 to 2 are those of task `a`. */
const turns = (...counts: readonly (readonly number[])[]): ((step: number) => readonly number[]) => {
  return (step) => counts[step % counts.length] as readonly number[];
};

const schedules: Readonly<Record<string, (step: number) => readonly number[]>> = {
  'one task after the other': turns([1, 1, 1, 0, 0], [0, 0, 0, 1, 0], [0, 0, 0, 0, 3]),
  'two tasks at a time': turns([2, 2, 2, 1, 0], [0, 0, 0, 1, 4], [1, 1, 1, 0, 5]),
  'all, then one': turns([1, 1, 1, 1, 1], [0, 0, 0, 0, 1], [3, 3, 3, 1, 2]),
};

const groups = [
  { name: 'below', firstBlock: 0, blockCount: 1 },
  { name: 'above', firstBlock: 1, blockCount: 2 },
];

/** A stateful combiner that gives what cannot be used at two steps. */
const faltering =
  (bad: number): Combiner =>
  (input) => {
    const { weights, state } = statefulCombiner(input);
    if (input.step % 4 === 1) weights[0] = bad;
    return { weights, state };
  };

/** Scenarios that differ in their codec only. */
const each = (elements: number, clipNorm: number, rules: Partial<Scenario>): Readonly<Record<CodecName, Scenario>> => ({
  fp32: scenario(elements, clipNorm, { ...rules, codec: 'fp32' }),
  bf16: scenario(elements, clipNorm, { ...rules, codec: 'bf16' }),
  int8: scenario(elements, clipNorm, { ...rules, codec: 'int8' }),
});

const plainly = each(twoBlocks, 0.5, stateful);
const scheduled = Object.entries(schedules).map(([name, schedule]) => ({
  name,
  by: each(oneBlock, 1, { ...stateful, schedule }),
}));
const grouped = each(twoBlocks, 0.5, { ...stateful, groups, schedule: schedules['all, then one'] });

/** What must hold of codes, state and absent lanes. */
export function stateCases(run: (of: ExchangeRun) => Promise<void>): ComplianceCase[] {
  const codecs: readonly CodecName[] = ['bf16', 'int8'];
  return [
    ...codecs.flatMap((codec) =>
      [together, uneven, apart].map((placement) => ({
        name: `codes by ${codec} to the same bits on ${placement.length} members`,
        run: () => run({ of: plainly[codec], placement, steps: 3 }),
      })),
    ),
    ...(['fp32', 'int8'] as const).flatMap((codec) =>
      (['javascript', 'one'] as const).map((memory) => ({
        name: `gives the same bits with all vectors on ${memory === 'one' ? 'one memory' : 'JavaScript arrays'}, by ${codec}`,
        run: async () => {
          await run({ of: plainly[codec], placement: uneven, steps: 3, memory });
          await run({ of: plainly[codec], placement: together, steps: 3, memory });
        },
      })),
    ),
    ...scheduled.map(({ name, by }) => ({
      name: `leaves out absent lanes: ${name}`,
      run: async () => {
        for (const codec of ['fp32', 'int8'] as const)
          for (const placement of [uneven, apart]) await run({ of: by[codec], placement, steps: 4, pauseMs: 2 });
      },
    })),
    {
      name: 'weighs groups of blocks apart, each with a state of its own',
      run: async () => {
        for (const codec of ['fp32', 'int8'] as const)
          for (const placement of [together, uneven, apart]) await run({ of: grouped[codec], placement, steps: 3 });
      },
    },
    {
      name: 'goes on elsewhere from residuals and combiner state as if it had not stopped',
      run: async () => {
        for (const codec of ['fp32', 'int8'] as const)
          await run({ of: grouped[codec], placement: uneven, steps: 2, afterwards: [apart, together, uneven] });
      },
    },
    {
      name: 'leaves residuals and combiner state as they were at a step with a lane that is not finite',
      run: () =>
        run({
          of: scenario(70_000, 1, { codec: 'int8', ...stateful }),
          placement: [[4], [3, 1], [2, 0]],
          steps: 6,
          spoil: (given, step) => {
            if (step === 1 && given.lane === 3) return spoiled(given, 'shared', Number.NaN);
            if (step === 2 && given.lane === 0) return spoiled(given, 'loss', Number.POSITIVE_INFINITY);
            if (step === 4 && given.lane >= 1) return spoiled(given, 'task', Number.NEGATIVE_INFINITY);
            return given;
          },
        }),
    },
    ...[Number.NaN, Number.POSITIVE_INFINITY, 1e300, 1e39].map((bad) => ({
      name: `skips a step alike everywhere when a weight is ${bad}, and goes on`,
      run: () => {
        const rules = { combiner: faltering(bad), combinerName: `faltering ${bad}` };
        return run({ of: scenario(70_000, null, { codec: 'int8', ...rules }), placement: uneven, steps: 6 });
      },
    })),
    {
      name: 'skips a step alike everywhere when a code cannot hold a finite gradient',
      run: () =>
        run({
          of: scenario(70_000, 1, { codec: 'bf16', ...stateful }),
          placement: [[4], [3, 1], [2, 0]],
          steps: 4,
          spoil: (given, step) => {
            if (step === 1 && given.lane === 3) return spoiled(given, 'shared', 3.4e38);
            if (step === 2 && given.lane === 1) return spoiled(given, 'task', 3.4e38);
            return given;
          },
        }),
    },
  ];
}

import assert from 'node:assert/strict';
import type { ComplianceCase } from './compliance-case.js';
import { abortedRun, misuseRun, strangersRun } from './exchange-misuse.js';
import { ExchangeReference } from './exchange-reference.js';
import { type CreateExchange, type ExchangeRun, type Placement, runExchange } from './exchange-run.js';
import { contributionOf, scenario, spoiled } from './exchange-scenario.js';
import { stateCases } from './exchange-state-cases.js';
import type { OpenNetwork } from './transport-compliance.js';

export interface ExchangeComplianceDeps {
  readonly open: OpenNetwork;
  readonly create: CreateExchange;
}

/** Three whole blocks and a rest. */
const severalBlocks = 65_536 * 3 + 777;

const placements: readonly Placement[] = [
  [[0, 1, 2, 3, 4]],
  [[4, 2, 0, 3, 1]],
  [
    [3, 0],
    [1, 4, 2],
  ],
  [
    [1, 4, 2],
    [3, 0],
  ],
  [[4], [3, 1], [2, 0]],
  [[0, 1, 2], [], [3, 4]],
  [[4], [3], [2], [1], [0]],
  [[2, 0], [], [4], [1, 3], []],
];

const name = (placement: Placement): string => placement.map((lanes) => `[${lanes.join(' ')}]`).join(' ');

const harsh = scenario(severalBlocks, null);
const clipped = scenario(severalBlocks, 0.5);
const short = scenario(70_000, 1);

/** What the exchange promises over any transport, also one that loses, repeats, delays and reorders. */
export function exchangeCompliance({ open, create }: ExchangeComplianceDeps): ComplianceCase[] {
  const run = (of: ExchangeRun): Promise<void> => runExchange(of, open, create);
  return [
    {
      name: 'the test data tell a wrong order of lanes and of blocks',
      run: async () => {
        const both = [harsh, scenario(severalBlocks, 1)].map((of, i) => {
          const all = of.lanes.map(({ lane }) => contributionOf(of, lane, 0, i === 0));
          return { of, all, right: new ExchangeReference(of).step(0, all) };
        });
        const [lanes, blocks] = both as [(typeof both)[0], (typeof both)[0]];
        const descending = new ExchangeReference(lanes.of, { laneOrder: 'descending' }).step(0, lanes.all);
        assert.notDeepEqual(descending.shared, lanes.right.shared);
        assert.notDeepEqual(descending.tasks.get('a'), lanes.right.tasks.get('a'));
        const backwards = new ExchangeReference(blocks.of, { blockOrder: 'descending' }).step(0, blocks.all);
        assert.notDeepEqual(backwards.matrices, blocks.right.matrices);
      },
    },
    ...placements.map((placement) => ({
      name: `gives the same bits for lanes placed ${name(placement)}`,
      run: () => run({ of: harsh, placement, steps: 2, harsh: true }),
    })),
    ...placements.slice(2).map((placement) => ({
      name: `clips to the same bits for lanes placed ${name(placement)}`,
      run: () => run({ of: clipped, placement, steps: 1 }),
    })),
    {
      name: 'works with fewer blocks than members, and with less than one block',
      run: async () => {
        const placement = placements[6] as Placement;
        await run({ of: scenario(65_536 + 1, 1), placement, steps: 3 });
        await run({ of: scenario(13, 1), placement, steps: 3 });
      },
    },
    {
      name: 'goes through many steps back to back with members at different paces',
      run: () =>
        run({
          of: scenario(65_536 * 2 + 5, 1),
          placement: [[3, 0], [1, 4, 2], []],
          firstStep: 1_000,
          steps: 12,
          pauseMs: 8,
        }),
    },
    {
      name: 'goes through many steps without a pause',
      run: () => run({ of: short, placement: [[4], [3, 1], [2, 0]], steps: 12 }),
    },
    {
      name: 'keeps to a small window',
      run: () => run({ of: harsh, placement: [[3, 0], [1], [4, 2]], steps: 2, harsh: true, windowBytes: 300_000 }),
    },
    {
      name: 'skips a step alike everywhere when a lane is not finite, and goes on',
      run: () =>
        run({
          of: short,
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
    ...stateCases(run),
    {
      name: 'rejects on abort while a member is silent, and closes',
      run: () => abortedRun(open, create),
    },
    {
      name: 'ignores what is no message, and members that were configured otherwise',
      run: () => strangersRun(open, create),
    },
    {
      name: 'refuses a foreign lane, a second contribution, wrong lengths and a step out of turn',
      run: () => misuseRun(open, create),
    },
  ];
}

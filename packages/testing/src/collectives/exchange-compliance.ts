import assert from 'node:assert/strict';
import type { LaneContribution, Transport } from '@tributary/collectives';
import type { ComplianceCase } from './compliance-case.js';
import { referenceStep } from './exchange-reference.js';
import { type CreateExchange, type ExchangeRun, runExchange } from './exchange-run.js';
import { contributionOf, optionsOf, type Scenario, scenario } from './exchange-scenario.js';
import type { OpenNetwork } from './transport-compliance.js';

export interface ExchangeComplianceDeps {
  readonly open: OpenNetwork;
  readonly create: CreateExchange;
}

/** Three whole blocks and a rest. */
const severalBlocks = 65_536 * 3 + 777;

const placements: readonly (readonly (readonly number[])[])[] = [
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

const name = (placement: readonly (readonly number[])[]): string =>
  placement.map((lanes) => `[${lanes.join(' ')}]`).join(' ');

function spoiled(of: LaneContribution, where: 'loss' | 'shared' | 'task', value: number): LaneContribution {
  if (where === 'loss') return { ...of, loss: value };
  const changed = of[where].slice();
  changed[Math.floor(changed.length / 2)] = value;
  return { ...of, [where]: changed };
}

/** What the exchange promises over any transport, also one that loses, repeats, delays and reorders. */
export function exchangeCompliance({ open, create }: ExchangeComplianceDeps): ComplianceCase[] {
  const run = async (of: ExchangeRun): Promise<void> => {
    await runExchange(of, await open(of.placement.length), create);
  };
  const harsh = scenario(severalBlocks, null);
  return [
    {
      name: 'the test data tell a wrong order of lanes and of blocks',
      run: async () => {
        const both = [harsh, scenario(severalBlocks, 1)].map((of, i) => {
          const all = of.lanes.map(({ lane }) => contributionOf(of, lane, 0, i === 0));
          return { of, all, right: referenceStep(of, all) };
        });
        const [lanes, blocks] = both as [(typeof both)[0], (typeof both)[0]];
        const descending = referenceStep(lanes.of, lanes.all, { laneOrder: 'descending' });
        assert.notDeepEqual(descending.shared, lanes.right.shared);
        assert.notDeepEqual(descending.tasks.get('a'), lanes.right.tasks.get('a'));
        assert.notDeepEqual(referenceStep(blocks.of, blocks.all, { blockOrder: 'descending' }).gram, blocks.right.gram);
      },
    },
    ...placements.map((placement) => ({
      name: `gives the same bits for lanes placed ${name(placement)}`,
      run: () => run({ of: harsh, placement, steps: 2, harsh: true }),
    })),
    ...placements.slice(2).map((placement) => ({
      name: `clips to the same bits for lanes placed ${name(placement)}`,
      run: () => run({ of: scenario(severalBlocks, 0.5), placement, steps: 1 }),
    })),
    {
      name: 'works with fewer blocks than members, and with less than one block',
      run: async () => {
        const placement = placements[6] as readonly (readonly number[])[];
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
      run: () => run({ of: scenario(70_000, 1), placement: [[4], [3, 1], [2, 0]], steps: 20 }),
    },
    {
      name: 'keeps to a small window',
      run: () => run({ of: harsh, placement: [[3, 0], [1], [4, 2]], steps: 2, harsh: true, windowBytes: 300_000 }),
    },
    {
      name: 'skips a step alike everywhere when a lane is not finite, and goes on',
      run: () =>
        run({
          of: scenario(severalBlocks, 1),
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

async function abortedRun(open: OpenNetwork, create: CreateExchange): Promise<void> {
  const of = scenario(70_000, 1);
  const placement = [[0, 1], [2, 3], [4]];
  const transports = await open(3);
  const exchanges = placement.map((_, self) => create(optionsOf(of, placement, self), transports[self] as Transport));
  const abort = new AbortController();
  const outcomes = [0, 1].map(async (member) => {
    const step = exchanges[member]?.step(7, 0);
    for (const lane of placement[member] as number[]) step?.contribute(contributionOf(of, lane, 7, false));
    return step?.result(abort.signal);
  });
  const reason = new Error('member 2 is lost');
  abort.abort(reason);
  for (const outcome of outcomes) await assert.rejects(outcome, reason);
  await Promise.all(exchanges.map((exchange) => exchange.close()));
  await assert.rejects(async () => exchanges[0]?.step(8, 0), { code: 'GENERATION_SUPERSEDED' });
}

async function strangersRun(open: OpenNetwork, create: CreateExchange): Promise<void> {
  const of = scenario(70_000, 1);
  const placement = [
    [0, 1, 2],
    [3, 4],
  ];
  const transports = (await open(2)) as [Transport, Transport];
  const other: Scenario = { ...of, taskWeights: { ...of.taskWeights, c: 2 } };
  const stranger = create(optionsOf(other, placement, 1), transports[1]);
  const member = create(optionsOf(of, placement, 0), transports[0]);
  const abort = new AbortController();
  const step = member.step(0, 0);
  for (const lane of [0, 1, 2]) step.contribute(contributionOf(of, lane, 0, false));
  const strange = stranger.step(0, 0);
  for (const lane of [3, 4]) strange.contribute(contributionOf(of, lane, 0, false));
  for (const length of [0, 1, 31, 32, 33, 4_096]) {
    for (let copy = 0; copy < 8; copy++) transports[1].send(0, new Uint8Array(length).fill(length + copy));
  }
  const outcome = step.result(abort.signal);
  // Malformed messages arrive until both kinds were counted; nothing of them may complete the step.
  while (member.counters.malformed < 20) await new Promise((resolve) => setImmediate(resolve));
  const first = await Promise.race([outcome.then(() => 'complete'), Promise.resolve('waiting')]);
  assert.equal(first, 'waiting');
  abort.abort(new Error('enough'));
  await assert.rejects(outcome);
  await Promise.all([member.close(), stranger.close()]);
}

async function misuseRun(open: OpenNetwork, create: CreateExchange): Promise<void> {
  const of = scenario(1_000, 1);
  const placement = [
    [0, 1, 2],
    [3, 4],
  ];
  const transports = await open(2);
  const exchange = create(optionsOf(of, placement, 0), transports[0] as Transport);
  const step = exchange.step(5, 0);
  const good = contributionOf(of, 0, 5, false);
  assert.throws(() => step.contribute(contributionOf(of, 3, 5, false)), RangeError);
  assert.throws(() => step.contribute({ ...good, shared: new Float32Array(999) }), RangeError);
  assert.throws(() => step.contribute({ ...good, task: new Float32Array(1) }), RangeError);
  step.contribute(good);
  assert.throws(() => step.contribute(good), RangeError);
  assert.throws(() => exchange.step(6, 0), RangeError);
  const pending = step.result();
  await exchange.close();
  await assert.rejects(pending, { code: 'GENERATION_SUPERSEDED' });
  assert.throws(
    () =>
      create(
        optionsOf(
          of,
          [
            [0, 1],
            [3, 4],
          ],
          0,
        ),
        transports[0] as Transport,
      ),
    RangeError,
  );
  await transports[1]?.close();
}

import assert from 'node:assert/strict';
import type { Transport } from '@tributary/collectives';
import type { CreateExchange } from './exchange-run.js';
import { contributionOf, optionsOf, type Scenario, scenario } from './exchange-scenario.js';
import type { OpenNetwork } from './transport-compliance.js';

export async function abortedRun(open: OpenNetwork, create: CreateExchange): Promise<void> {
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

export async function strangersRun(open: OpenNetwork, create: CreateExchange): Promise<void> {
  const of = scenario(70_000, 1);
  const placement = [
    [0, 1, 2],
    [3, 4],
  ];
  const transports = (await open(2)) as [Transport, Transport];
  const other: Scenario = { ...of, combinerName: 'weighted 1 0.3 2' };
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

export async function misuseRun(open: OpenNetwork, create: CreateExchange): Promise<void> {
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

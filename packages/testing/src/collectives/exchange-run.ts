import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type {
  ExchangeOptions,
  GradientExchange,
  LaneContribution,
  StepResult,
  Transport,
} from '@tributary/collectives';
import { randomStream } from '@tributary/random';
import { type ReferenceStep, referenceStep } from './exchange-reference.js';
import { contributionOf, optionsOf, type Scenario } from './exchange-scenario.js';

export type Exchange = Pick<GradientExchange, 'step' | 'close' | 'counters'>;
export type CreateExchange = (options: ExchangeOptions, transport: Transport) => Exchange;

export interface ExchangeRun {
  readonly of: Scenario;
  readonly placement: readonly (readonly number[])[];
  readonly firstStep?: number;
  readonly steps: number;
  readonly harsh?: boolean;
  readonly windowBytes?: number;
  /** Longest random pause before each contribution and after each result. */
  readonly pauseMs?: number;
  /** Changes a contribution before it is given. */
  readonly spoil?: (contribution: LaneContribution, step: number) => LaneContribution;
}

function bytesOf(values: Float32Array | Float64Array): Buffer {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength);
}

function assertBits(
  actual: Float32Array | Float64Array,
  expected: Float32Array | readonly number[],
  what: string,
): void {
  const wanted = expected instanceof Float32Array ? expected : Float64Array.from(expected);
  assert.equal(actual.length, wanted.length, `${what}: length`);
  if (bytesOf(actual).equals(bytesOf(wanted))) return;
  const at = actual.findIndex((value, i) => !Object.is(value, wanted[i]));
  assert.fail(`${what}: element ${at} is ${actual[at]} instead of ${wanted[at]}`);
}

export function assertStep(
  actual: StepResult,
  expected: ReferenceStep,
  hosted: ReadonlySet<string>,
  where: string,
): void {
  assert.deepEqual([...actual.nonFinite], expected.nonFinite, `${where}: non-finite lanes`);
  assertBits(actual.losses, expected.losses, `${where}: losses`);
  assertBits(actual.tokens, expected.tokens, `${where}: tokens`);
  assertBits(actual.gram, expected.gram, `${where}: Gram matrix`);
  assertBits(actual.coefficients, expected.coefficients, `${where}: coefficients`);
  assert.ok(Object.is(actual.norm, expected.norm), `${where}: norm ${actual.norm} instead of ${expected.norm}`);
  assertBits(actual.shared, expected.shared, `${where}: shared gradient`);
  assert.deepEqual(new Set(actual.tasks.keys()), hosted, `${where}: tasks hosted here`);
  for (const [task, gradient] of actual.tasks)
    assertBits(gradient, expected.tasks.get(task) as Float32Array, `${where}: gradient of task ${task}`);
}

/** Control bits that each member gives at a step, and their OR. */
const controlOf = (member: number, step: number): number => (step % 3 === 0 ? (1 << (member + step)) >>> 0 : 0);

/**
 * Runs all members at once, each at its own pace; each closes as soon as it is done. Every result on every member must equal
 * the reference bit for bit.
 */
export async function runExchange(
  run: ExchangeRun,
  transports: readonly Transport[],
  create: CreateExchange,
): Promise<Exchange[]> {
  const { of, placement } = run;
  const first = run.firstStep ?? 0;
  const exchanges = placement.map((_, self) =>
    create({ ...optionsOf(of, placement, self), windowBytes: run.windowBytes }, transports[self] as Transport),
  );
  const made = new Map<string, LaneContribution>();
  const contribution = (lane: number, step: number): LaneContribution => {
    const key = `${lane}.${step}`;
    const known = made.get(key);
    if (known !== undefined) return known;
    const fresh = contributionOf(of, lane, step, run.harsh ?? false);
    const given = run.spoil?.(fresh, step) ?? fresh;
    made.set(key, given);
    return given;
  };
  const references = new Map<number, ReferenceStep>();
  const reference = (step: number): ReferenceStep => {
    const known = references.get(step);
    if (known !== undefined) return known;
    const fresh = referenceStep(
      of,
      of.lanes.map(({ lane }) => contribution(lane, step)),
    );
    references.set(step, fresh);
    return fresh;
  };
  await Promise.all(
    exchanges.map(async (exchange, member) => {
      const lanes = placement[member] as readonly number[];
      const hosted = new Set(lanes.map((lane) => of.lanes[lane]?.task as string));
      const draws = randomStream(member, 'pauses');
      const pause = async (): Promise<void> => {
        if (run.pauseMs !== undefined) await delay(draws.below(run.pauseMs + 1));
      };
      for (let step = first; step < first + run.steps; step++) {
        const current = exchange.step(step, controlOf(member, step));
        for (const lane of lanes) {
          await pause();
          current.contribute(contribution(lane, step));
        }
        const result = await current.result();
        assertStep(result, reference(step), hosted, `member ${member}, step ${step}`);
        assert.equal(result.step, step);
        const control = placement.reduce((bits, _, other) => (bits | controlOf(other, step)) >>> 0, 0);
        assert.equal(result.control, control, `member ${member}, step ${step}: control bits`);
        await pause();
      }
      await exchange.close();
    }),
  );
  return exchanges;
}

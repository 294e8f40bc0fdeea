import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type CombinerStates,
  type ExchangeOptions,
  exchangeVectorBytes,
  type GradientExchange,
  type LaneContribution,
  type LaneResiduals,
  type StepResult,
  type Transport,
  type VectorMemory,
  vectorMemory,
} from '@tributary/collectives';
import { randomStream } from '@tributary/random';
import { assertResiduals, assertStep, assertVectors } from './exchange-assertions.js';
import { ExchangeReference, type ReferenceStep } from './exchange-reference.js';
import { contributionOf, countsOf, optionsOf, type Scenario } from './exchange-scenario.js';

export type Exchange = Pick<GradientExchange, 'step' | 'close' | 'counters' | 'residuals' | 'combinerState'>;
export type CreateExchange = (options: ExchangeOptions, transport: Transport) => Exchange;

export type Placement = readonly (readonly number[])[];

export interface ExchangeRun {
  readonly of: Scenario;
  readonly placement: Placement;
  readonly firstStep?: number;
  readonly steps: number;
  /** Placements that go on from there, each for `steps` steps, with the state that the one before left. */
  readonly afterwards?: readonly Placement[];
  readonly harsh?: boolean;
  readonly windowBytes?: number;
  /** Longest random pause before each contribution and after each result. */
  readonly pauseMs?: number;
  /** Changes a contribution before it is given. */
  readonly spoil?: (contribution: LaneContribution, step: number) => LaneContribution;
  /**
   * Where vectors lie: the exchange's on its own memory and gradients elsewhere (default), all in JavaScript's, or all on one
   * memory, gradients in two places by turns, as a trainer has it.
   */
  readonly memory?: 'own' | 'javascript' | 'one';
}

/** Control bits that each member gives at a step, and their OR. */
const controlOf = (member: number, step: number): number => (step % 3 === 0 ? (1 << (member + step)) >>> 0 : 0);

interface State {
  readonly combinerState?: CombinerStates;
  readonly residuals: Map<number, LaneResiduals>;
}

/** Contributions and what they must lead to, for all members alike. */
interface Script {
  contribution(lane: number, step: number): LaneContribution;
  reference(step: number): ReferenceStep;
}

/** Scripts of scenarios that are run again, elsewhere placed: making and computing them takes longer than exchanging them. */
const scripts = new WeakMap<Scenario, Map<string, Script>>();

function scriptOf(run: ExchangeRun): Script {
  if (run.spoil !== undefined) return newScript(run);
  const ofScenario = scripts.get(run.of) ?? new Map<string, Script>();
  scripts.set(run.of, ofScenario);
  // A script goes on from where its reference stands, so it is for the runs that begin at one step.
  const key = `${run.harsh ?? false} ${run.firstStep ?? 0}`;
  const script = ofScenario.get(key) ?? newScript(run);
  ofScenario.set(key, script);
  return script;
}

function newScript(run: ExchangeRun): Script {
  const { of } = run;
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
  const whole = new ExchangeReference(of);
  const references = new Map<number, ReferenceStep>();
  // Members ask step after step, so the first to ask for one finds the one before done.
  const reference = (step: number): ReferenceStep => {
    const known = references.get(step);
    if (known !== undefined) return known;
    const counts = countsOf(of, step);
    const present = of.lanes.filter(({ lane }) => (counts[lane] as number) > 0);
    const fresh = whole.step(
      step,
      present.map(({ lane }) => contribution(lane, step)),
    );
    references.set(step, fresh);
    return fresh;
  };
  return { contribution, reference };
}

/** Gives contributions from two places of the memory by turns, as a trainer does. */
function onMemory(memory: VectorMemory, of: Scenario, lanes: readonly number[]): Script['contribution'] {
  const places = new Map(
    lanes.map((lane) => {
      const place = (): Pick<LaneContribution, 'shared' | 'task'> => ({
        shared: memory.float32(of.sharedElements),
        task: memory.float32(of.taskElements[of.lanes[lane]?.task as string] as number),
      });
      return [lane, [place(), place()]];
    }),
  );
  return (lane, step) => {
    const place = places.get(lane)?.[step % 2] as Pick<LaneContribution, 'shared' | 'task'>;
    return { lane, loss: 0, tokens: 0, ...place };
  };
}

/**
 * Runs all members at once, each at its own pace; each closes as soon as it is done. Every result on every member must equal
 * the reference bit for bit.
 */
export async function runExchange(
  run: ExchangeRun,
  open: (size: number) => Promise<Transport[]>,
  create: CreateExchange,
): Promise<void> {
  const script = scriptOf(run);
  let first = run.firstStep ?? 0;
  let state: State = { residuals: new Map() };
  for (const placement of [run.placement, ...(run.afterwards ?? [])]) {
    const transports = await open(placement.length);
    const after: State[] = await Promise.all(
      placement.map((_, member) =>
        runMember(run, placement, member, {
          transport: transports[member] as Transport,
          create,
          script,
          state,
          first,
        }),
      ),
    );
    state = {
      combinerState: after[0]?.combinerState,
      residuals: new Map(after.flatMap(({ residuals }) => [...residuals])),
    };
    first += run.steps;
  }
}

async function runMember(
  run: ExchangeRun,
  placement: Placement,
  member: number,
  deps: {
    readonly transport: Transport;
    readonly create: CreateExchange;
    readonly script: Script;
    readonly state: State;
    readonly first: number;
  },
): Promise<State> {
  const { of } = run;
  const { script, state, first } = deps;
  const lanes = placement[member] as readonly number[];
  const residuals = new Map([...state.residuals].filter(([lane]) => lanes.includes(lane)));
  const plain: ExchangeOptions = {
    ...optionsOf(of, placement, member),
    windowBytes: run.windowBytes,
    combinerState: state.combinerState,
    residuals,
  };
  const gradientBytes = lanes.reduce(
    (sum, lane) => sum + 8 * (of.sharedElements + (of.taskElements[of.lanes[lane]?.task as string] as number)),
    0,
  );
  const memory =
    run.memory === 'javascript'
      ? vectorMemory(0, 'javascript')
      : run.memory === 'one'
        ? vectorMemory(exchangeVectorBytes(plain) + gradientBytes)
        : undefined;
  const places = memory && run.memory === 'one' ? onMemory(memory, of, lanes) : null;
  const given = (lane: number, step: number): LaneContribution => {
    const made = script.contribution(lane, step);
    if (places === null) return made;
    const { shared, task } = places(lane, step);
    shared.set(made.shared);
    task.set(made.task);
    return { ...made, shared, task };
  };
  const exchange = deps.create({ ...plain, memory }, deps.transport);
  const draws = randomStream(member, 'pauses');
  const pause = async (): Promise<void> => {
    if (run.pauseMs !== undefined) await delay(draws.below(run.pauseMs + 1));
  };
  let last: StepResult | null = null;
  for (let step = first; step < first + run.steps; step++) {
    const counts = countsOf(of, step);
    const present = lanes.filter((lane) => (counts[lane] as number) > 0);
    const hosted = new Set(present.map((lane) => of.lanes[lane]?.task as string));
    const bits = controlOf(member, step);
    // A stop may be asked for while lanes compute.
    const late = step % 2 === 1 && present.length > 0;
    const current = exchange.step(step, late ? 0 : bits);
    for (const lane of present) {
      await pause();
      current.contribute(given(lane, step), late && lane === present.at(-1) ? bits : 0);
    }
    // A result outlives the beginning of the next step.
    if (last !== null) assertVectors(last, script.reference(step - 1), `member ${member}, step ${step - 1}, later`);
    const result = await current.result();
    last = result;
    const where = `member ${member} of ${placement.length}, step ${step}`;
    const expected = script.reference(step);
    assertStep(result, expected, hosted, where);
    assert.equal(result.step, step);
    const control = placement.reduce((bits, _, other) => (bits | controlOf(other, step)) >>> 0, 0);
    assert.equal(result.control, control, `${where}: control bits`);
    assert.deepEqual(exchange.combinerState, expected.combinerState, `${where}: state of the combiner`);
    for (const lane of lanes)
      assertResiduals(exchange.residuals(lane), expected.residuals.get(lane), `${where}, lane ${lane}`);
    await pause();
  }
  const left = lanes.flatMap((lane): [number, LaneResiduals][] => {
    const of = exchange.residuals(lane);
    return of === null ? [] : [[lane, { shared: of.shared.slice(), task: of.task?.slice() ?? null }]];
  });
  await exchange.close();
  return { combinerState: exchange.combinerState, residuals: new Map(left) };
}

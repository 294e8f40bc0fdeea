import {
  createCombiner,
  type ExchangeDeps,
  type ExchangeOptions,
  exchangeVectorBytes,
  GradientExchange,
  vectorMemory,
} from '@tributary/collectives';
import type { RunFile } from '@tributary/config';
import { groupBlocks } from '@tributary/layout';
import type { SequenceModel } from '@tributary/models';
import { laneSchedule, taskSchedule } from '@tributary/planner';
import { blockElements, type PreparedRun } from '@tributary/protocol';
import { type GradientVectors, gradientVectors, vectorCost } from './lane-gradients.js';
import type { MemberPlan } from './member-plan.js';
import type { CarriedState } from './member-state.js';
import type { SyncStrategy } from './sync-strategy.js';
import type { TrainerOptions } from './trainer-types.js';

/** Microbatches of each lane in an exchange, by lane; that of its first step holds for a whole round. */
function exchangeSchedule(
  prepared: PreparedRun,
  spec: RunFile,
  stepsOfExchange: number,
): (exchange: number) => readonly number[] {
  const examples = Object.fromEntries(
    Object.entries(prepared.tasks).map(([task, { splits }]) => [task, splits.train.examples]),
  );
  const byStep = laneSchedule(taskSchedule(spec, examples), spec.tasks, prepared.lanes);
  return (exchange) => byStep((exchange - 1) * stepsOfExchange + 1);
}

/** An exchange before it is open: its vectors are there, since the compute thread is born with them. */
export interface ExchangeSetup {
  /** Of the hosted lanes, on the memory of the exchange: it takes them as they lie. */
  readonly gradients: GradientVectors;
  /** Why its arithmetic is slower than it could be; null where it is not. */
  readonly notice: string | null;
  /** Microbatches of each lane in an exchange, by lane. */
  readonly schedule: (exchange: number) => readonly number[];
  /** Opens it, going on from a state. */
  open(carried: CarriedState, deps: ExchangeDeps): GradientExchange;
}

export interface ExchangeSetupOptions extends Pick<TrainerOptions, 'member' | 'document' | 'prepared'> {
  readonly spec: RunFile;
  readonly plan: MemberPlan;
  readonly model: SequenceModel;
  readonly strategy: SyncStrategy;
}

/** The exchange that a run file asks for. */
export function setUpExchange(setup: ExchangeSetupOptions): ExchangeSetup {
  const { prepared, spec, plan, model, strategy } = setup;
  const schedule = exchangeSchedule(prepared, spec, strategy.steps);
  const options = exchangeOptions(setup, schedule);
  const shared = model.sharedLayout.elements;
  const taskElements = (task: string): number => model.task(task).layout.elements;
  const memory = vectorMemory(exchangeVectorBytes(options) + vectorCost(plan.hosted, shared, taskElements));
  return {
    gradients: gradientVectors(plan.hosted, shared, taskElements, (elements) => memory.float32(elements)),
    notice: memory.notice,
    schedule,
    open: ({ combinerState, residuals }, deps) =>
      new GradientExchange({ ...options, memory, combinerState, residuals }, deps),
  };
}

function exchangeOptions(
  { member, document, spec, plan, model, strategy }: ExchangeSetupOptions,
  schedule: ExchangeSetup['schedule'],
): ExchangeOptions {
  const { tasks, sync, combiner, seed } = spec;
  // In the order of their first lane, as the exchange numbers tasks.
  const taskWeights = [...new Set<string>(plan.lanes.map(({ task }) => task))].map(
    (task) => tasks.find(({ name }) => name === task)?.weight ?? Number.NaN,
  );
  const groups = groupBlocks(model.sharedLayout, blockElements);
  return {
    self: member,
    members: document.members,
    lanes: plan.lanes,
    sharedElements: model.sharedLayout.elements,
    taskElements: Object.fromEntries(tasks.map(({ name }) => [name, model.task(name).layout.elements])),
    clipNorm: strategy.clipNorm,
    codec: sync.codec,
    combiner: createCombiner(combiner, { taskWeights, seed }),
    combinerName: JSON.stringify({ combiner, taskWeights, seed }),
    schedule,
    ...(groups.length === 0 ? {} : { groups }),
  };
}

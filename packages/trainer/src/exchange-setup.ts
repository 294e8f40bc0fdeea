import { createCombiner, type ExchangeDeps, GradientExchange } from '@tributary/collectives';
import type { RunFile } from '@tributary/config';
import { groupBlocks } from '@tributary/layout';
import type { SequenceModel } from '@tributary/models';
import { laneSchedule, taskSchedule } from '@tributary/planner';
import { blockElements, type PreparedRun } from '@tributary/protocol';
import type { MemberPlan } from './member-plan.js';
import type { CarriedState } from './member-state.js';
import type { SyncStrategy } from './sync-strategy.js';
import type { TrainerOptions } from './trainer-types.js';

/** Microbatches of each lane in an exchange, by lane; that of its first step holds for a whole round. */
export function exchangeSchedule(
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

export interface OpenExchangeOptions {
  readonly member: number;
  readonly document: TrainerOptions['document'];
  readonly spec: RunFile;
  readonly plan: MemberPlan;
  readonly model: SequenceModel;
  readonly strategy: SyncStrategy;
  readonly schedule: (exchange: number) => readonly number[];
  readonly carried: CarriedState;
}

/** The exchange that a run file asks for, going on from a state. */
export function openExchange(options: OpenExchangeOptions, deps: ExchangeDeps): GradientExchange {
  const { member, document, spec, plan, model, strategy, schedule, carried } = options;
  const { tasks, sync, combiner } = spec;
  // In the order of their first lane, as the exchange numbers tasks.
  const weights = [...new Set<string>(plan.lanes.map(({ task }) => task))].map(
    (task) => tasks.find(({ name }) => name === task)?.weight ?? Number.NaN,
  );
  const groups = groupBlocks(model.sharedLayout, blockElements);
  return new GradientExchange(
    {
      self: member,
      members: document.members,
      lanes: plan.lanes,
      sharedElements: model.sharedLayout.elements,
      taskElements: Object.fromEntries(tasks.map(({ name }) => [name, model.task(name).layout.elements])),
      clipNorm: strategy.clipNorm,
      codec: sync.codec,
      combiner: createCombiner(combiner, { taskWeights: weights, seed: spec.seed }),
      combinerName: JSON.stringify({ combiner, weights, seed: spec.seed }),
      combinerState: carried.combinerState,
      residuals: carried.residuals,
      schedule,
      ...(groups.length === 0 ? {} : { groups }),
    },
    deps,
  );
}

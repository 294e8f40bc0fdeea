import type { Tensors } from '@tributary/checkpoints';
import type { CombinerStates, GradientExchange, LaneResiduals, StepResult } from '@tributary/collectives';
import type { SequenceModel } from '@tributary/models';
import type { ObjectStore, PreparedInit } from '@tributary/protocol';
import { combinerPart, restoreCombiner } from './combiner-parts.js';
import type { CursorPosition, LaneDone, LaneShare } from './compute-messages.js';
import type { EarlyStop } from './early-stop.js';
import { applyInit } from './initial-values.js';
import { lanePart, restoreLane } from './lane-parts.js';
import type { MemberPlan } from './member-plan.js';
import type { RestoredParts } from './restored-parts.js';
import { RunState } from './run-state.js';
import type { StatePart } from './state-messages.js';
import { count, countIn, restoreVector, vectorPart } from './state-parts.js';
import type { SyncStrategy } from './sync-strategy.js';
import type { CopyVector } from './vector-copies.js';

/** What the exchange and the guard begin with: of a checkpoint, or nothing. */
export interface CarriedState {
  readonly combinerState: CombinerStates;
  /** Of the hosted lanes that have any. */
  readonly residuals: ReadonlyMap<number, LaneResiduals>;
  /** Steps in a row that were skipped as not finite. */
  readonly skippedInARow: number;
}

export interface MemberStateOptions {
  readonly plan: MemberPlan;
  readonly model: SequenceModel;
  readonly strategy: SyncStrategy;
  /** Null: the run ends with its budget alone. */
  readonly earlyStop: EarlyStop | null;
  /** What the state begins with; null: it will be restored. */
  readonly seed: number | null;
}

/** All that a member keeps from step to step: it begins anew, or from a checkpoint, and is written to one. */
export class MemberState {
  readonly vectors: RunState;
  readonly #options: MemberStateOptions;
  /** Where each hosted lane's cursor stands; a lane that has not begun is left out. */
  readonly #cursors = new Map<number, CursorPosition>();
  #carried: CarriedState = { combinerState: {}, residuals: new Map(), skippedInARow: 0 };

  constructor(options: MemberStateOptions) {
    const { plan, model, strategy, seed } = options;
    this.#options = options;
    this.vectors = new RunState(
      { layout: model.sharedLayout, values: seed === null ? null : model.initialShared(seed) },
      new Map(
        plan.hostedTasks.map((name) => {
          const task = model.task(name);
          return [name, { layout: task.layout, values: seed === null ? null : task.initial(seed) }];
        }),
      ),
      strategy.optimizer,
    );
  }

  get earlyStop(): EarlyStop | null {
    return this.#options.earlyStop;
  }

  get carried(): CarriedState {
    return this.#carried;
  }

  get cursors(): ReadonlyMap<number, CursorPosition> {
    return this.#cursors;
  }

  /** Before the first step: the values of `init` in place of random ones. */
  async initialize(init: PreparedInit, objects: ObjectStore): Promise<void> {
    const { model } = this.#options;
    const { shared, tasks } = this.vectors;
    const parts = [
      { part: 'shared', layout: model.sharedLayout, values: shared.parameters[shared.current] },
      ...[...tasks].map(([task, vector]) => ({
        part: `task-${task}`,
        layout: model.task(task).layout,
        values: vector.parameters[vector.current],
      })),
    ];
    await applyInit(init, parts, objects);
  }

  /** Puts this member's parts in place. @throws TributaryError `CHECKPOINT_CORRUPT` */
  restore({ step, parts }: RestoredParts): void {
    const { plan, model, strategy, earlyStop } = this.#options;
    const { slots } = strategy.optimizer;
    const tensorsOf = (part: string): Tensors => parts.get(part)?.tensors ?? {};
    // Every exchange was an update in versions whose checkpoints do not count them.
    const updates = step / strategy.steps;
    const shared = tensorsOf('shared');
    restoreVector('shared', shared, model.sharedLayout, this.vectors.shared, slots, updates);
    for (const [task, vector] of this.vectors.tasks) {
      const part = `task-${task}`;
      restoreVector(part, tensorsOf(part), model.task(task).layout, vector, slots, updates);
    }
    if (earlyStop)
      earlyStop.restore(shared, plan.ownedTasks.includes(earlyStop.task) ? tensorsOf(`task-${earlyStop.task}`) : null);
    const residuals = new Map<number, LaneResiduals>();
    for (const { lane, task } of plan.hosted) {
      const tensors = tensorsOf(`lane-${lane}`);
      const sizes = { sharedElements: model.sharedLayout.elements, taskElements: model.task(task).layout.elements };
      const restored = restoreLane(lane, tensors, sizes);
      this.#cursors.set(lane, restored.cursor);
      if (restored.residuals) residuals.set(lane, restored.residuals);
      strategy.restoreLane(lane, tensors);
    }
    const skippedInARow = countIn(shared, 'skipped') ?? 0;
    this.#carried = { combinerState: restoreCombiner(shared), residuals, skippedInARow };
  }

  /**
   * Makes the state after an exchange the current one.
   * @param exchanges done before
   * @param lanes those of this member that took part
   */
  advance(
    exchanges: number,
    { shared, tasks }: Pick<StepResult, 'shared' | 'tasks'>,
    lanes: readonly LaneShare[],
  ): void {
    const { plan, strategy } = this.#options;
    const taking = new Set(lanes.map(({ lane }) => lane));
    const present = new Set(plan.hosted.filter(({ lane }) => taking.has(lane)).map(({ task }) => task));
    this.vectors.advance(exchanges, shared, tasks, present);
    strategy.adopt(lanes);
  }

  /** Cursors move on, also over a step that is skipped. */
  moveCursors(done: readonly LaneDone[]): void {
    for (const { lane, cursor } of done) this.#cursors.set(lane, cursor);
  }

  /**
   * Copies of this member's parts of the current state: `shared`, which every member has, the tasks that it owns, and its lanes.
   * May be taken while the next exchange is under way, until that one counts.
   */
  copyParts(
    exchange: Pick<GradientExchange, 'combinerState' | 'residuals'>,
    skippedInARow: number,
    copy: CopyVector,
    withShared: boolean,
  ): StatePart[] {
    const { plan, model, strategy, earlyStop } = this.#options;
    const { slots } = strategy.optimizer;
    const shared = () => ({
      ...vectorPart(model.sharedLayout, this.vectors.shared, slots, copy),
      ...combinerPart(exchange.combinerState),
      skipped: count(skippedInARow),
      ...earlyStop?.sharedTensors(),
    });
    const tasks = plan.ownedTasks.map((task) => {
      const vector = this.vectors.tasks.get(task);
      if (!vector) throw new Error(`task "${task}" is owned here, but its state is not`);
      const tensors = vectorPart(model.task(task).layout, vector, slots, copy);
      const watched = task === earlyStop?.task ? earlyStop.taskTensors() : {};
      return { part: `task-${task}`, tensors: { ...tensors, ...watched } };
    });
    const lanes = plan.hosted.map(({ lane }) => {
      const cursor = this.#cursors.get(lane) ?? { epoch: 0, position: 0 };
      const residuals = exchange.residuals(lane);
      return {
        part: `lane-${lane}`,
        tensors: { ...lanePart({ cursor, residuals }, copy), ...strategy.laneTensors(lane, copy) },
      };
    });
    return [...(withShared ? [{ part: 'shared', tensors: shared() }] : []), ...tasks, ...lanes];
  }
}

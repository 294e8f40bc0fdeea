import type { Tensors } from '@tributary/checkpoints';
import type { RunFile, SyncSpec } from '@tributary/config';
import { createOptimizer, type Optimizer } from '@tributary/engine';
import type { FlatLayout } from '@tributary/layout';
import type { SequenceModel } from '@tributary/models';
import { type Lane, TributaryError } from '@tributary/protocol';
import type { BufferIndex } from './buffer-index.js';
import type { ComputeRequest, LaneShare, StateBuffers } from './compute-messages.js';
import { type LaneMoments, type MomentLayouts, momentTensors, restoreMoments } from './lane-moments.js';
import { count, countIn } from './state-parts.js';
import type { SyncStrategy } from './sync-strategy.js';
import type { CopyVector } from './vector-copies.js';

/** Where a lane stands after the last round that counts. */
interface LaneProgress {
  /** Which of its moments are those of that round. */
  readonly moments: BufferIndex;
  /** Inner updates that they have had. */
  readonly updates: number;
}

/**
 * DiLoCo (Douillard 2023): an exchange is a round. Every lane trains by itself from the run's parameters; what they moved,
 * combined, is the gradient of the outer update, SGD with Nesterov momentum. The inner optimizer's moments are the lane's own,
 * and those of a round count once the round does.
 */
export class Diloco implements SyncStrategy {
  readonly steps: number;
  readonly optimizer: Optimizer;
  /** What is clipped are the gradients of the inner steps. */
  readonly clipNorm = null;
  readonly #inner: Optimizer;
  readonly #layouts = new Map<number, MomentLayouts>();
  readonly #lanes = new Map<number, LaneProgress>();
  #moments: Readonly<Record<number, LaneMoments>> = {};

  /** @param lanes hosted here */
  constructor(
    sync: Extract<SyncSpec, { strategy: 'diloco' }>,
    spec: Pick<RunFile, 'optimizer' | 'schedule' | 'budget'>,
    lanes: readonly Lane[],
    model: Pick<SequenceModel, 'sharedLayout'> & { task(name: string): { readonly layout: FlatLayout } },
  ) {
    this.steps = sync.innerSteps;
    const { lr, momentum } = sync.outer;
    const outer = { kind: 'sgd', learningRate: lr, momentum, nesterov: momentum > 0 } as const;
    this.optimizer = createOptimizer(outer, { kind: 'constant' }, spec.budget.steps / sync.innerSteps);
    this.#inner = createOptimizer(spec.optimizer, spec.schedule, spec.budget.steps);
    const { slots } = this.#inner;
    for (const { lane, task } of lanes) {
      this.#layouts.set(lane, { slots, shared: model.sharedLayout, task: model.task(task).layout });
      this.#lanes.set(lane, { moments: 0, updates: 0 });
    }
  }

  learningRate(done: number): number {
    return this.#inner.learningRate(done);
  }

  begin(moments: Readonly<Record<number, LaneMoments>> | null): void {
    if (moments === null) throw new Error('the compute thread keeps no moments');
    this.#moments = moments;
  }

  request(round: number, buffers: StateBuffers, lanes: readonly LaneShare[]): ComputeRequest {
    const shares = lanes.map((share) => ({ ...share, ...this.#progressOf(share.lane) }));
    return { kind: 'round', round, buffers, lanes: shares };
  }

  adopt(lanes: readonly LaneShare[]): void {
    for (const { lane } of lanes) {
      const { moments, updates } = this.#progressOf(lane);
      this.#lanes.set(lane, { moments: moments === 0 ? 1 : 0, updates: updates + this.steps });
    }
  }

  laneTensors(lane: number, copy: CopyVector): Tensors {
    const { moments, updates } = this.#progressOf(lane);
    return {
      'inner/updates': count(updates),
      ...momentTensors(this.#momentsOf(lane), moments, this.#layoutsOf(lane), copy),
    };
  }

  restoreLane(lane: number, tensors: Tensors): void {
    const { moments } = this.#progressOf(lane);
    const part = `lane-${lane}`;
    restoreMoments(part, tensors, this.#momentsOf(lane), moments, this.#layoutsOf(lane));
    const updates = countIn(tensors, 'inner/updates');
    if (updates === null)
      throw new TributaryError('CHECKPOINT_CORRUPT', `Part "${part}" of the checkpoint has no "inner/updates".`);
    this.#lanes.set(lane, { moments, updates });
  }

  #progressOf(lane: number): LaneProgress {
    const found = this.#lanes.get(lane);
    if (!found) throw new Error(`lane ${lane} is not hosted here`);
    return found;
  }

  #momentsOf(lane: number): LaneMoments {
    const found = this.#moments[lane];
    if (!found) throw new Error(`lane ${lane} has no moments here`);
    return found;
  }

  #layoutsOf(lane: number): MomentLayouts {
    const found = this.#layouts.get(lane);
    if (!found) throw new Error(`lane ${lane} is not hosted here`);
    return found;
  }
}

import type { RunFile } from '@tributary/config';
import { type BatchCursor, batchCursor, decodeSplit, type EncodedSplit } from '@tributary/datasets';
import type { ComputeBackend } from '@tributary/engine';
import type { BatchShape, SequenceModel, TaskModel, TrainStep } from '@tributary/models';
import type { PreparedTask } from '@tributary/protocol';
import type { BufferIndex, ComputeInit, CursorPosition, LaneDone } from './compute-messages.js';
import { taskOf } from './prepared-model.js';

interface LaneCompute {
  readonly cursor: BatchCursor;
  /** By parity of the step. */
  readonly gradients: readonly { readonly shared: Float32Array; readonly task: Float32Array }[];
}

/** One task on the compute thread: its model's traced functions by batch shape, its splits, its lanes' cursors. */
export class TaskCompute {
  readonly name: string;
  readonly spec: RunFile;
  readonly prepared: PreparedTask;
  readonly model: TaskModel;
  readonly backend: ComputeBackend;
  readonly sourceVocabulary: readonly string[];
  readonly #parameters: readonly Float32Array[];
  readonly #lanes = new Map<number, LaneCompute>();
  readonly #train = new Map<string, TrainStep>();
  readonly #splits: Readonly<Record<'train' | 'validation' | 'test', EncodedSplit>>;

  constructor(name: string, init: ComputeInit, spec: RunFile, model: SequenceModel, backend: ComputeBackend) {
    this.name = name;
    this.spec = spec;
    this.prepared = taskOf(init.prepared, name);
    this.sourceVocabulary = init.prepared.sourceVocabulary;
    this.model = model.task(name);
    this.backend = backend;
    const bytes = init.splits[name];
    const buffers = init.tasks[name];
    if (!bytes || !buffers) throw new Error(`task "${name}" came without data or parameters`);
    this.#splits = {
      train: decodeSplit(bytes.train),
      validation: decodeSplit(bytes.validation),
      test: decodeSplit(bytes.test),
    };
    this.#parameters = buffers.map((buffer) => new Float32Array(buffer, 0, this.model.layout.elements));
    for (const lane of init.lanes.filter(({ task }) => task === name)) {
      const gradients = init.gradients[lane.lane];
      if (!gradients) throw new Error(`lane ${lane.lane} came without gradient buffers`);
      this.#lanes.set(lane.lane, {
        cursor: batchCursor({
          split: this.#splits.train,
          seed: spec.seed,
          task: name,
          replica: lane.replica,
          replicas: lane.replicas,
          batchSize: spec.batch.size,
          buckets: spec.lengths.buckets,
        }),
        gradients: gradients.map((buffer) => ({
          shared: new Float32Array(buffer.shared, 0, model.sharedLayout.elements),
          task: new Float32Array(buffer.task, 0, this.model.layout.elements),
        })),
      });
    }
  }

  /** Every batch shape that training uses: one traced function each. */
  get shapes(): readonly BatchShape[] {
    const first = this.#lanes.values().next().value;
    return first ? first.cursor.shapes : [];
  }

  split(name: 'train' | 'validation' | 'test'): EncodedSplit {
    return this.#splits[name];
  }

  parameters(buffer: BufferIndex): Float32Array {
    return this.#parameters[buffer] as Float32Array;
  }

  trainStep(shape: BatchShape): TrainStep {
    const key = `${shape.batch}x${shape.source}x${shape.target}`;
    let traced = this.#train.get(key);
    if (!traced) {
      traced = this.model.trainStep(this.backend, shape);
      this.#train.set(key, traced);
    }
    return traced;
  }

  seek(lane: number, position: CursorPosition): void {
    this.#lane(lane).cursor.seek(position);
  }

  /** Forward and backward of the lane's next batch; the gradients land in the buffers of the step's parity. */
  async trainLane(lane: number, step: number, shared: Float32Array, buffer: BufferIndex): Promise<LaneDone> {
    const { cursor, gradients } = this.#lane(lane);
    const started = performance.now();
    const batch = cursor.next();
    const into = gradients[step % 2] as (typeof gradients)[number];
    const { loss } = await this.trainStep(batch.shape).run(
      { shared, task: this.parameters(buffer) },
      batch,
      { seed: this.spec.seed, step, lane },
      into,
    );
    return {
      lane,
      loss,
      tokens: batch.tokens,
      computeMs: performance.now() - started,
      cursor: cursor.state(),
    };
  }

  #lane(lane: number): LaneCompute {
    const found = this.#lanes.get(lane);
    if (!found) throw new Error(`lane ${lane} is not hosted here`);
    return found;
  }
}

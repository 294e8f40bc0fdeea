import type { RunFile } from '@tributary/config';
import {
  type Batch,
  type BatchCursor,
  batchCursor,
  type CandidateBatch,
  type CandidateRow,
  candidateBatches,
  decodeSplit,
  type EncodedSplit,
  evaluationBatches,
} from '@tributary/datasets';
import type { ComputeBackend } from '@tributary/engine';
import type {
  BatchShape,
  Evaluator,
  FeatureGenerator,
  GreedyGenerator,
  RowScorer,
  SequenceModel,
  TaskModel,
  TrainStep,
} from '@tributary/models';
import { mostMicrobatches } from '@tributary/planner';
import type { Lane, PreparedRun, PreparedTask } from '@tributary/protocol';
import type { CursorPosition, Hosting, LaneDone, LaneShare, StateBuffers, TaskHosting } from './compute-messages.js';
import { GradientAccumulator } from './gradient-accumulator.js';
import type { LaneGradients } from './lane-gradients.js';
import { taskOf } from './prepared-model.js';
import { type TextCodecs, textCodecs } from './text-codecs.js';

interface LaneCompute {
  readonly cursor: BatchCursor;
  /** By parity of the step. */
  readonly gradients: readonly LaneGradients[];
}

/** What one step of a lane has read. */
export interface BatchesDone {
  /** Mean cross-entropy, nats a target token. */
  readonly loss: number;
  /** Source and target tokens, padding not counted. */
  readonly tokens: number;
  /** How long the batches took to gather. */
  readonly dataMs: number;
}

/** The graphs of a task for one batch shape: of its training, its evaluation, its ranking, and of the two halves of its generation. */
export const graphKinds = ['train', 'evaluate', 'score', 'encode', 'generate'] as const;

/** Rows of a batch in evaluation, whatever they are in training: no gradient is kept. */
const evaluationRows = 128;

export function shapeLabel({ batch, source, target }: BatchShape): string {
  return `${batch}x${source}x${target}`;
}

/** One task on the compute thread: its model's traced functions by batch shape, its splits, its lanes' cursors. */
export class TaskCompute {
  readonly name: string;
  readonly spec: RunFile;
  readonly prepared: PreparedTask;
  readonly model: TaskModel;
  readonly backend: ComputeBackend;
  readonly text: TextCodecs;
  #parameters: readonly Float32Array[] = [];
  readonly #lanes = new Map<number, LaneCompute>();
  readonly #train = new Map<string, TrainStep>();
  readonly #evaluators = new Map<string, Evaluator>();
  readonly #rowScorers = new Map<string, RowScorer>();
  readonly #generators = new Map<string, GreedyGenerator>();
  readonly #featureGenerators = new Map<string, FeatureGenerator>();
  readonly #mostMicrobatches: number;
  readonly #accumulator: GradientAccumulator | null;
  readonly #splits: Readonly<Record<'train' | 'validation' | 'test', EncodedSplit>>;

  /** @param hosting with the task's splits, and its lanes if it has any */
  constructor(
    name: string,
    { prepared, ...hosting }: TaskHosting & { readonly prepared: PreparedRun },
    spec: RunFile,
    model: SequenceModel,
    backend: ComputeBackend,
  ) {
    this.name = name;
    this.spec = spec;
    this.prepared = taskOf(prepared, name);
    this.model = model.task(name);
    this.backend = backend;
    const bytes = hosting.splits[name];
    if (!bytes) throw new Error(`task "${name}" came without data`);
    this.text = textCodecs(prepared, name, bytes);
    this.#splits = {
      train: decodeSplit(bytes.train),
      validation: decodeSplit(bytes.validation),
      test: decodeSplit(bytes.test),
    };
    this.#mostMicrobatches = mostMicrobatches(spec, name);
    this.#accumulator =
      this.#mostMicrobatches > 1
        ? new GradientAccumulator(model.sharedLayout.elements, this.model.layout.elements)
        : null;
    this.host(hosting);
  }

  /** Takes other lanes and vectors in place of those it had; graphs and data stay. Cursors begin anew. */
  host({ lanes, tasks, gradients }: Hosting): void {
    this.#parameters = tasks[this.name] ?? [];
    this.#lanes.clear();
    for (const lane of lanes.filter(({ task }) => task === this.name)) {
      const vectors = gradients[lane.lane];
      if (!vectors) throw new Error(`lane ${lane.lane} came without gradient vectors`);
      if (this.#parameters.length === 0) throw new Error(`task "${this.name}" came without parameters`);
      this.#lanes.set(lane.lane, { cursor: this.#cursorOf(lane), gradients: vectors });
    }
  }

  #cursorOf({ replica, replicas }: Lane): BatchCursor {
    return batchCursor({
      split: this.#splits.train,
      seed: this.spec.seed,
      task: this.name,
      replica,
      replicas,
      batchSize: this.spec.batch.size,
      buckets: this.spec.lengths.buckets,
    });
  }

  /** Every batch shape that training uses: one traced function each. */
  get shapes(): readonly BatchShape[] {
    const first = this.#lanes.values().next().value;
    return first ? first.cursor.shapes : [];
  }

  featureGenerator({ batch, source }: BatchShape): FeatureGenerator {
    return remembered(this.#featureGenerators, `${batch}x${source}`, () =>
      this.model.featureGenerator(this.backend, { batch, source }),
    );
  }

  /** Fixed batches of a held-out split, in the lengths of training's buckets. @param limit examples; null: all */
  heldOutBatches(split: 'validation' | 'test', limit: number | null): readonly Batch[] {
    const { buckets } = this.spec.lengths;
    const options = {
      batchSize: evaluationRows,
      buckets,
      shapes: this.#evaluationShapes,
      ...(limit === null ? {} : { limit }),
    };
    return evaluationBatches(this.#splits[split], options).batches;
  }

  /** Sources of a held-out split with any targets of it. */
  candidateBatches(split: 'validation' | 'test', rows: readonly CandidateRow[]): readonly CandidateBatch[] {
    return candidateBatches(this.#splits[split], rows, { batchSize: evaluationRows, shapes: this.#evaluationShapes });
  }

  get #evaluationShapes(): readonly BatchShape[] {
    return this.shapes.map((shape) => ({ ...shape, batch: evaluationRows }));
  }

  split(name: 'train' | 'validation' | 'test'): EncodedSplit {
    return this.#splits[name];
  }

  /** The task's own parameters. */
  parameters({ tasks }: StateBuffers): Float32Array {
    return this.#parameters[tasks[this.name] ?? 0] as Float32Array;
  }

  trainStep(shape: BatchShape): TrainStep {
    return remembered(this.#train, shapeLabel(shape), () => this.model.trainStep(this.backend, shape));
  }

  evaluator(shape: BatchShape): Evaluator {
    return remembered(this.#evaluators, shapeLabel(shape), () => this.model.evaluator(this.backend, shape));
  }

  /** How likely a batch's targets are, row by row. */
  rowScorer(shape: BatchShape): RowScorer {
    return remembered(this.#rowScorers, shapeLabel(shape), () => this.model.rowScorer(this.backend, shape));
  }

  generator({ batch, source }: BatchShape): GreedyGenerator {
    return remembered(this.#generators, `${batch}x${source}`, () =>
      this.model.generator(this.backend, { batch, source }),
    );
  }

  seek(lane: number, position: CursorPosition): void {
    this.#lane(lane).cursor.seek(position);
  }

  /**
   * Forward and backward of the lane's next batches. Several microbatches give the mean over the target tokens of all: what
   * one batch of all their rows gives, up to rounding.
   * @param share the lane, and its microbatches in this step
   * @param step of the run, 1 for the first; draws depend on it
   * @param into receives the gradients
   */
  async gradient(
    { lane, microbatches }: LaneShare,
    step: number,
    parameters: Readonly<LaneGradients>,
    into: LaneGradients,
  ): Promise<BatchesDone> {
    const { cursor } = this.#lane(lane);
    const startedMs = performance.now();
    const batches = Array.from({ length: microbatches }, () => cursor.next());
    const dataMs = performance.now() - startedMs;
    const targetTokens = batches.reduce((sum, batch) => sum + batch.targetTokens, 0);
    let loss = 0;
    for (const [index, batch] of batches.entries()) {
      // Each microbatch draws masks of its own, whatever number of them the steps before had.
      const draw = { seed: this.spec.seed, step: (step - 1) * this.#mostMicrobatches + index + 1, lane };
      const share = batch.targetTokens / targetTokens;
      const accumulator = microbatches > 1 ? this.#accumulator : null;
      const gradient = accumulator?.scratch ?? into;
      const done = await this.trainStep(batch.shape).run(parameters, batch, draw, gradient);
      accumulator?.add(into, share, index === 0);
      loss += share * done.loss;
    }
    return { loss, tokens: batches.reduce((sum, batch) => sum + batch.tokens, 0), dataMs };
  }

  /** The gradients of the lane's next batches at these parameters, in the buffers of the step's parity. */
  async trainLane(share: LaneShare, step: number, parameters: Readonly<LaneGradients>): Promise<LaneDone> {
    const started = performance.now();
    const { lane } = share;
    const done = await this.gradient(share, step, parameters, this.gradients(lane, step));
    return { lane, ...done, computeMs: performance.now() - started, cursor: this.cursor(lane) };
  }

  /** Where the lane's cursor stands. */
  cursor(lane: number): CursorPosition {
    return this.#lane(lane).cursor.state();
  }

  /** What a lane contributes to an exchange is written here. */
  gradients(lane: number, exchange: number): LaneGradients {
    return this.#lane(lane).gradients[exchange % 2] as LaneGradients;
  }

  #lane(lane: number): LaneCompute {
    const found = this.#lanes.get(lane);
    if (!found) throw new Error(`lane ${lane} is not hosted here`);
    return found;
  }
}

function remembered<T>(known: Map<string, T>, key: string, make: () => T): T {
  const found = known.get(key) ?? make();
  known.set(key, found);
  return found;
}

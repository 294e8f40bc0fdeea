import type { Tensor } from '@tributary/engine';
import type { Draws } from './draws.js';
import type { Encoded } from './encoder.js';
import type { ParameterViews } from './parameter-views.js';
import type { ParameterSpec } from './parameters.js';
import type { SequenceInput, StepInput } from './sequence-input.js';

/** One of the vectors that a generator puts out at a step. The head has a matrix for each, `output.<name>`. */
export interface OutputPart {
  readonly name: string;
  readonly width: number;
}

export interface GeneratorPass {
  /** One tensor for each part, f32[T * B, width], time-major. */
  readonly outputs: readonly Tensor[];
  /** @param ofOutputs gradient of each part */
  backward(ofOutputs: readonly Tensor[]): {
    /** Gradients of the generator's own parameters. The input's are in `SequenceInput.gradients`. */
    readonly parameters: Map<string, Tensor>;
    /** f32[B, S, C] */
    readonly memory: Tensor;
    /** f32[B, D]; undefined where the generator does not read `Encoded.final`. */
    readonly final: Tensor | undefined;
  };
}

/** Tensors between the steps of generation. Their shapes depend on the batch, the source's length and the room alone. */
export interface GeneratorStart {
  /** Decided by the source. */
  readonly fixed: readonly Tensor[];
  /** Changed by every step. */
  readonly carried: readonly Tensor[];
}

/**
 * One step of generation.
 *
 * @param position number of the step from 0, i32[]
 */
export type GeneratorStepper = (
  input: StepInput,
  carried: readonly Tensor[],
  position: Tensor,
) => {
  /** One tensor for each part, f32[B, width]. */
  readonly outputs: readonly Tensor[];
  readonly carried: readonly Tensor[];
  /**
   * How much this step read of each position of its source, f32[B, S]: sums to 1 over a source's symbols, 0 at padding. Of
   * several heads and layers it is the mean.
   */
  readonly attention: Tensor;
};

/** What a task generates its outputs with. Any kind reads any kind of encoder. */
export interface Generator {
  readonly parameters: readonly ParameterSpec[];
  readonly outputParts: readonly OutputPart[];
  /** Whether a head of symbols uses the target table, transposed, as its output matrix. */
  readonly tiesOutput: boolean;
  /** How many tensors `begin` gives as fixed. */
  readonly fixedTensors: number;
  /** Whether what it carries holds every position so far, so that it needs room for the longest output. */
  readonly carriesPositions: boolean;
  /**
   * Teacher forcing over a whole batch.
   *
   * @param input what is fed at each step: B rows of T positions
   * @param draws null: nothing is dropped
   */
  pass(parameters: ParameterViews, input: SequenceInput, encoded: Encoded, draws: Draws | null): GeneratorPass;
  /** @param room most steps that will follow */
  begin(parameters: ParameterViews, encoded: Encoded, room: number): GeneratorStart;
  /**
   * Steps on from what `begin` or the last step gave.
   *
   * @param sourceMask f32[B, S]
   */
  resume(parameters: ParameterViews, sourceMask: Tensor, fixed: readonly Tensor[]): GeneratorStepper;
}

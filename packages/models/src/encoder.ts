import type { Tensor } from '@tributary/engine';
import type { Draws } from './draws.js';
import type { ParameterViews } from './parameter-views.js';
import type { ParameterSpec } from './parameters.js';
import type { SequenceInput } from './sequence-input.js';

/** What a generator reads of the source. */
export interface Encoded {
  /** One vector for each source position, f32[B, S, C]. */
  readonly memory: Tensor;
  /** One vector for the whole of each row, f32[B, D]. */
  readonly final: Tensor;
  /** f32[B, S] */
  readonly mask: Tensor;
}

export interface EncoderPass extends Encoded {
  /**
   * Gradients of the encoder's own parameters. The input's are in `SequenceInput.gradients`.
   *
   * @param ofMemory f32[B, S, C]
   * @param ofFinal f32[B, D]; undefined where the generator does not read `final`
   */
  backward(ofMemory: Tensor, ofFinal: Tensor | undefined): Map<string, Tensor>;
}

/** The part of a model that all tasks share: any kind goes with any kind of generator. */
export interface Encoder {
  readonly parameters: readonly ParameterSpec[];
  /** C. */
  readonly memoryWidth: number;
  /** D. */
  readonly finalWidth: number;
  /** @param draws null: nothing is dropped */
  pass(parameters: ParameterViews, input: SequenceInput, draws: Draws | null): EncoderPass;
}

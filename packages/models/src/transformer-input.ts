import { type Tensor, tf } from '@tributary/engine';
import { type Draws, masked } from './draws.js';
import { linearParameters, linearPass } from './linear-layer.js';
import type { ParameterViews } from './parameter-views.js';
import type { ParameterSpec } from './parameters.js';
import { sinusoidalPositions } from './positions.js';
import type { SequenceInput, StepInput } from './sequence-input.js';

/** The first layer's rows: input vectors, mapped to the width where theirs is another, plus positions. */
export interface TransformerInput {
  readonly parameters: readonly ParameterSpec[];
  /** Rows f32[B * S, width], batch-major; `backward` gives gradients of the map, and the input keeps its own. */
  pass(
    views: ParameterViews,
    input: SequenceInput,
    draws: Draws | null,
    rate: number,
  ): { readonly rows: Tensor; backward(gradient: Tensor): Iterable<readonly [string, Tensor]> };
  /** Rows f32[B, width] of one step of generation. @param position f32[1, width] */
  step(views: ParameterViews, input: StepInput, position: Tensor): Tensor;
}

/**
 * Vectors are not scaled by the root of the width, as Vaswani 2017 has it: a table begins with the deviation that this
 * scale would give, and a tied output is scaled down instead. The function is the same.
 */
export function transformerInput(name: string, inputWidth: number, width: number): TransformerInput {
  const mapped = inputWidth !== width;
  return {
    parameters: mapped ? linearParameters(name, inputWidth, width) : [],
    pass(views, input, draws, rate) {
      const { batch, length } = input;
      const vectors = input.vectors();
      const map = mapped ? linearPass(views, name, vectors.values) : undefined;
      const placed = tf.add(
        tf.reshape(map?.output ?? vectors.values, [batch, length, width]),
        sinusoidalPositions(length, width),
      );
      const dropout = draws?.mask([batch * length, width], rate);
      return {
        rows: masked(tf.reshape(placed, [batch * length, width]), dropout),
        backward(gradient) {
          const kept = masked(gradient, dropout);
          const ofMap = map?.backward(kept);
          vectors.backward(ofMap?.input ?? kept);
          return ofMap?.parameters ?? [];
        },
      };
    },
    step(views, input, position) {
      const vectors = input.vectors();
      return tf.add(mapped ? linearPass(views, name, vectors).output : vectors, position);
    },
  };
}

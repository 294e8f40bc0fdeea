import type { Data, TensorSpec } from '../compute-backend.js';
import { type Tensor, tf } from '../tensorflow-js.js';

/** A function's inputs as tensors of the backend in use. */
export const inputTensors = (specs: readonly TensorSpec[], data: readonly Data[]): Tensor[] =>
  specs.map(({ shape, dtype }, index) => tf.tensor(data[index] as Data, [...shape], dtype));

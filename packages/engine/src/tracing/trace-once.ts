import type { TensorFunction } from '../compute-backend.js';
import { type Tensor, tf } from '../tensorflow-js.js';
import { refuse } from './refusal.js';
import { TraceRules } from './trace-rules.js';

let underWay: string | null = null;

/** Throws `TRACE_REFUSED` while another function is being traced: the engine of tfjs is one for all. */
export function checkNotTracing(name: string): void {
  if (underWay !== null) throw refuse(name, undefined, `is traced inside of ${underWay}`, 'trace it outside');
}

/**
 * Runs a function once on tensors that `inputs` makes, under the rules of tracing, and gives its outputs to `use`, after
 * which every tensor is freed.
 * @throws TributaryError `TRACE_REFUSED` where the function breaks a rule; nothing is left behind then either
 */
export function traceOnce(
  name: string,
  fn: TensorFunction,
  inputs: () => readonly Tensor[],
  use: (outputs: readonly Tensor[]) => void,
): void {
  checkNotTracing(name);
  underWay = name;
  let rules: TraceRules | undefined;
  try {
    tf.tidy(() => {
      const tensors = inputs();
      const watching = new TraceRules(name, tensors);
      rules = watching;
      use(watching.checkOutputs(watching.watch(() => fn(tensors))));
    });
    rules?.checkNothingKept();
  } finally {
    underWay = null;
    rules?.release();
  }
}

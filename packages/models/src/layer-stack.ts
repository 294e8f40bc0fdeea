import type { Tensor } from '@tributary/engine';
import type { PartPass } from './residual-branch.js';

/** Parts that run one after the other on the same rows. */
export interface LayerStack {
  /** What the last part put out, f32[N, width]. */
  readonly rows: Tensor;
  /** Runs one more part on `rows`. */
  add(part: (rows: Tensor) => PartPass): void;
  /** @param gradient of `rows`; gives that of the first rows, and those of all parameters */
  backward(gradient: Tensor): { readonly input: Tensor; readonly parameters: Map<string, Tensor> };
}

export function layerStack(first: Tensor): LayerStack {
  const parts: PartPass[] = [];
  let rows = first;
  return {
    get rows() {
      return rows;
    },
    add(part) {
      const pass = part(rows);
      parts.push(pass);
      rows = pass.output;
    },
    backward(gradient) {
      const parameters = new Map<string, Tensor>();
      const input = parts.reduceRight((ofOutput, part) => {
        const own = part.backward(ofOutput);
        for (const [name, value] of own.parameters) parameters.set(name, value);
        return own.input;
      }, gradient);
      return { input, parameters };
    },
  };
}

import { type FlatLayout, flatLayout } from '@tributary/layout';
import { blockElements } from '@tributary/protocol';
import { randomStream } from '@tributary/random';

/** How a parameter begins. */
export type InitialValues =
  | { readonly kind: 'zeros' }
  /** Normal draws with this standard deviation. */
  | { readonly kind: 'normal'; readonly deviation: number }
  /** The softmax of normal draws along the last axis. */
  | { readonly kind: 'softmax' }
  /** Blocks of `width` elements, each of one value. */
  | { readonly kind: 'blocks'; readonly values: readonly number[]; readonly width: number }
  /**
   * Glorot uniform (Glorot and Bengio 2010), block by block: a matrix that serves several gates in one product holds one
   * block of columns for each of them, and each block has the range that it would have alone.
   */
  | { readonly kind: 'glorot'; readonly fanIn: number; readonly blockWidths: readonly number[] };

export interface ParameterSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly initial: InitialValues;
  /** Its group, where the parameters of a vector are grouped; a group starts on a block. */
  readonly group?: string;
}

export const zeros = (name: string, shape: readonly number[]): ParameterSpec => ({
  name,
  shape,
  initial: { kind: 'zeros' },
});

/** A matrix [rows, sum of blockWidths]; `fanIn` differs from `rows` where two matrices feed one sum. */
export const matrix = (
  name: string,
  rows: number,
  blockWidths: readonly number[],
  fanIn: number = rows,
): ParameterSpec => ({
  name,
  shape: [rows, blockWidths.reduce((sum, width) => sum + width, 0)],
  initial: { kind: 'glorot', fanIn, blockWidths },
});

/**
 * A table [vocabulary, size], normal with deviation 0.5: the gates tell symbols apart from the first step on. Letters to
 * phones (embedding 128, hidden 256), loss after 400 steps of 64 words: 0.53 with deviation 0.09, 0.46 with 0.35, 0.45 with 1.
 */
export const embedding = (name: string, vocabulary: number, size: number): ParameterSpec => ({
  name,
  shape: [vocabulary, size],
  initial: { kind: 'normal', deviation: 0.5 },
});

export const layoutOf = (parameters: readonly ParameterSpec[]): FlatLayout => flatLayout(parameters, blockElements);

/**
 * The flat initial vector. Every parameter draws from its own stream, named by `scope` and its name, so its values depend
 * on nothing else in the run.
 */
export function initialValues(parameters: readonly ParameterSpec[], seed: number, scope: string): Float32Array {
  const layout = layoutOf(parameters);
  const flat = new Float32Array(layout.elements);
  layout.entries.forEach((entry, index) => {
    const initial = (parameters[index] as ParameterSpec).initial;
    if (initial.kind === 'zeros') return;
    const values = flat.subarray(entry.offset, entry.offset + entry.size);
    if (initial.kind === 'blocks') {
      initial.values.forEach((value, block) => {
        values.fill(value, block * initial.width, (block + 1) * initial.width);
      });
      return;
    }
    const stream = randomStream(seed, 'init', `${scope}/${entry.name}`);
    if (initial.kind === 'normal') {
      for (let i = 0; i < values.length; i++) values[i] = stream.normal() * initial.deviation;
      return;
    }
    if (initial.kind === 'softmax') {
      const width = entry.shape.at(-1) ?? 1;
      for (let row = 0; row < values.length; row += width) {
        const powers = Array.from({ length: width }, () => Math.exp(stream.normal()));
        const sum = powers.reduce((total, power) => total + power, 0);
        values.set(
          powers.map((power) => power / sum),
          row,
        );
      }
      return;
    }
    const ranges = initial.blockWidths.flatMap((width) =>
      Array.from({ length: width }, () => Math.sqrt(6 / (initial.fanIn + width))),
    );
    for (let i = 0; i < values.length; i++)
      values[i] = (2 * stream.uniform() - 1) * (ranges[i % ranges.length] as number);
  });
  return flat;
}

import type { FlatLayout } from '@tributary/layout';
import { wildcard } from './wildcard.js';

/** A tensor of pretrained weights, row-major. */
export interface WeightTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Renames tensors: `*` in `from` stands for any characters, each `*` in `to` for what the one of the same place stood for. */
export interface WeightRule {
  readonly from: string;
  readonly to: string;
}

export interface MatchedWeights {
  /** Values to set, by parameter name. */
  readonly values: ReadonlyMap<string, Float32Array>;
  readonly matched: readonly { readonly from: string; readonly to: string; readonly shape: readonly number[] }[];
  /** Parameters of the layout that keep their initial values by seed. */
  readonly missing: readonly string[];
  /** Tensors that no parameter takes. */
  readonly unused: readonly string[];
  /** Tensors whose parameter has another shape. It keeps its initial values, so it also stands in `missing`. */
  readonly mismatched: readonly {
    readonly from: string;
    readonly to: string;
    readonly fromShape: readonly number[];
    readonly toShape: readonly number[];
  }[];
}

function renamed(
  name: string,
  rules: readonly { readonly matches: ReturnType<typeof wildcard>; readonly to: string }[],
): string {
  for (const { matches, to } of rules) {
    const stood = matches(name);
    if (stood === null) continue;
    let index = 0;
    return to.replace(/\*/g, () => stood[index++] ?? '');
  }
  return name;
}

/**
 * Which tensors go into which parameters of one layout, that of the shared state or of a task. Each tensor goes to the
 * parameter that the first matching rule names, or to the one of its own name. Shapes must be equal, but for dimensions of
 * size 1. Where two tensors go to one parameter the first one, in the order of `tensors`, is taken. Pure: sets nothing.
 *
 * @param prefix stands before this layout's names in the targets of rules and in the names of unrenamed tensors, such as
 *   `shared/` or `task/spell/`, and before them in the result
 */
export function matchWeights(
  layout: FlatLayout,
  tensors: ReadonlyMap<string, WeightTensor>,
  map: readonly WeightRule[],
  prefix = '',
): MatchedWeights {
  const rules = map.map(({ from, to }) => ({ matches: wildcard(from), to }));
  const entries = new Map(layout.entries.map((entry) => [prefix + entry.name, entry]));
  const values = new Map<string, Float32Array>();
  const matched: MatchedWeights['matched'][number][] = [];
  const mismatched: MatchedWeights['mismatched'][number][] = [];
  const unused: string[] = [];
  for (const [from, tensor] of tensors) {
    const to = renamed(from, rules);
    const entry = entries.get(to);
    if (!entry || values.has(entry.name)) unused.push(from);
    else if (squeezed(entry.shape) === squeezed(tensor.shape) && tensor.data.length === entry.size) {
      values.set(entry.name, tensor.data);
      matched.push({ from, to, shape: entry.shape });
    } else mismatched.push({ from, to, fromShape: tensor.shape, toShape: entry.shape });
  }
  const missing = layout.entries.filter(({ name }) => !values.has(name)).map(({ name }) => prefix + name);
  return { values, matched, missing, unused, mismatched };
}

const squeezed = (shape: readonly number[]): string => shape.filter((size) => size !== 1).join('x');

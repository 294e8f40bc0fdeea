/**
 * A float32 value of one element, as the arithmetic that gives it. Every operation rounds to float32 at once, as IEEE 754
 * says; none is fused with another. A node that stands in two places is computed once.
 */
export type Expression =
  | { readonly kind: 'input' | 'scalar'; readonly index: number }
  | { readonly kind: UnaryKind; readonly of: Expression }
  | { readonly kind: BinaryKind; readonly left: Expression; readonly right: Expression };

export type BinaryKind = 'add' | 'subtract' | 'multiply' | 'divide';

/**
 * `positive` and `negative` are 1 where the value is above or below 0, and 0 elsewhere (NaN included). `normal` is 0 where the
 * value is too small to be a normal float32 (below {@link smallestNormal}), else the value.
 */
export type UnaryKind = 'squareRoot' | 'positive' | 'negative' | 'normal';

/** 2^-126. Processors take up to a hundred times as long over the numbers between it and 0. */
export const smallestNormal = 2 ** -126;

const binary =
  (kind: BinaryKind) =>
  (left: Expression, right: Expression): Expression => ({ kind, left, right });
const unary =
  (kind: UnaryKind) =>
  (of: Expression): Expression => ({ kind, of });

export const add = binary('add');
export const subtract = binary('subtract');
export const multiply = binary('multiply');
export const divide = binary('divide');
export const squareRoot = unary('squareRoot');
export const normal = unary('normal');
/** 1, 0 or -1. */
export const sign = (of: Expression): Expression => subtract(unary('positive')(of), unary('negative')(of));

/** One pass over vectors of equal length, element by element, in float32. */
export interface ElementwiseKernel<
  Input extends string = string,
  Scalar extends string = string,
  Output extends string = string,
> {
  readonly name: string;
  /** Vectors that it reads. */
  readonly inputs: readonly Input[];
  /** Numbers that are the same for all elements, rounded to float32. */
  readonly scalars: readonly Scalar[];
  /** Vectors that it writes; all inputs of an element are read before. */
  readonly outputs: readonly Output[];
  arithmetic(values: Readonly<Record<Input | Scalar, Expression>>): Readonly<Record<Output, Expression>>;
  /** The same arithmetic in JavaScript: `Math.fround` after every operation. */
  reference(
    inputs: Readonly<Record<Input, Float32Array>>,
    scalars: Readonly<Record<Scalar, number>>,
    outputs: Readonly<Record<Output, Float32Array>>,
  ): void;
}

/** The outputs of a kernel, in their order, as expressions over its inputs and scalars. */
export function outputsOf(kernel: ElementwiseKernel): readonly Expression[] {
  const leaves = (kind: 'input' | 'scalar', names: readonly string[]) =>
    names.map((name, index): [string, Expression] => [name, { kind, index }]);
  const values = Object.fromEntries([...leaves('input', kernel.inputs), ...leaves('scalar', kernel.scalars)]);
  const results = kernel.arithmetic(values);
  return kernel.outputs.map((name) => results[name] as Expression);
}

import { type ElementwiseKernel, type Expression, outputsOf } from './expression.js';
import { type Bytes, instruction as op, sized, unsigned, valueType } from './wasm-encoding.js';

/** How values of one width are loaded, stored and computed: one element, or four side by side. */
interface Width {
  readonly elements: 1 | 4;
  readonly type: number;
  readonly load: Bytes;
  readonly store: Bytes;
  readonly arithmetic: Readonly<Record<'squareRoot' | 'add' | 'subtract' | 'multiply' | 'divide', Bytes>>;
  /** Of the value on the stack: 1 where it is above 0, else 0. */
  readonly positive: Bytes;
  readonly negative: Bytes;
  /**
   * What comes before the value, and after it stands there twice: 0 where it is not a normal number. `exponent` is a local
   * with the bits of the exponent, four times.
   */
  normal(exponent: number): readonly [Bytes, Bytes];
}

const one: Width = {
  elements: 1,
  type: valueType.f32,
  load: op.f32Load,
  store: op.f32Store,
  arithmetic: op.f32,
  positive: [...op.f32Zero, ...op.f32Above, ...op.f32FromI32],
  negative: [...op.f32Zero, ...op.f32Below, ...op.f32FromI32],
  normal: () => [op.f32Zero, [...op.f32Absolute, ...op.f32SmallestNormal, ...op.f32Below, ...op.select]],
};

const ones: Bytes = [...op.f32One, ...op.f32x4Splat];
const four: Width = {
  elements: 4,
  type: valueType.v128,
  load: op.v128Load,
  store: op.v128Store,
  arithmetic: op.f32x4,
  positive: [...op.v128Zero, ...op.f32x4Above, ...ones, ...op.v128And],
  negative: [...op.v128Zero, ...op.f32x4Below, ...ones, ...op.v128And],
  normal: (exponent) => [[], [...op.get(exponent), ...op.v128And, ...op.v128Zero, ...op.i32x4Equal, ...op.v128AndNot]],
};

/** Parameters of a kernel's function: elements, a pointer for each input and output, the scalars. */
export function parameterTypes(kernel: ElementwiseKernel): Bytes {
  const pointers = [...kernel.inputs, ...kernel.outputs].map(() => valueType.i32);
  return [valueType.i32, ...pointers, ...kernel.scalars.map(() => valueType.f32)];
}

/** Body of a kernel's function: a loop over four elements at a time, then one over the rest. */
export function functionBody(kernel: ElementwiseKernel): Bytes {
  const outputs = outputsOf(kernel);
  const firstOutput = 1 + kernel.inputs.length;
  const firstScalar = firstOutput + outputs.length;
  const locals: number[] = [];
  const newLocal = (type: number): number => firstScalar + kernel.scalars.length + locals.push(type) - 1;
  const position = newLocal(valueType.i32);
  const end = newLocal(valueType.i32);
  const exponent = newLocal(valueType.v128);

  /** One pass of the loop body: every output computed from this element's inputs, then all of them stored. */
  const element = (width: Width, scalars: readonly number[]): Bytes => {
    const computed = new Map<Expression, number>();
    const address = (pointer: number): Bytes => [...op.get(pointer), ...op.get(position), ...op.i32Add];
    const compute = (node: Expression): Bytes => {
      switch (node.kind) {
        case 'scalar':
          return op.get(scalars[node.index] as number);
        case 'input':
          return [...address(1 + node.index), ...width.load];
        case 'squareRoot':
          return [...value(node.of), ...width.arithmetic.squareRoot];
        case 'normal': {
          const [before, after] = width.normal(exponent);
          return [...before, ...value(node.of), ...value(node.of), ...after];
        }
        case 'positive':
        case 'negative':
          return [...value(node.of), ...width[node.kind]];
        default:
          return [...value(node.left), ...value(node.right), ...width.arithmetic[node.kind]];
      }
    };
    const value = (node: Expression): Bytes => {
      if (node.kind === 'scalar') return compute(node);
      const local = computed.get(node);
      if (local !== undefined) return op.get(local);
      const code = compute(node);
      const kept = newLocal(width.type);
      computed.set(node, kept);
      return [...code, ...op.tee(kept)];
    };
    const results = outputs.map((output) => {
      const result = newLocal(width.type);
      return { result, code: [...value(output), ...op.set(result)] };
    });
    const stores = results.flatMap(({ result }, index) => [
      ...address(firstOutput + index),
      ...op.get(result),
      ...width.store,
    ]);
    return [...results.flatMap(({ code }) => code), ...stores];
  };

  const loop = (width: Width, scalars: readonly number[]): Bytes => [
    ...op.block,
    ...op.loop,
    ...[...op.get(position), ...op.get(end), ...op.i32NotBelow, ...op.branchIf(1)],
    ...element(width, scalars),
    ...[...op.get(position), ...op.smallConstant(4 * width.elements), ...op.i32Add, ...op.set(position)],
    ...op.branch(0),
    ...op.end,
    ...op.end,
  ];

  const plain = kernel.scalars.map((_, index) => firstScalar + index);
  const spread = plain.map(() => newLocal(valueType.v128));
  const spreading = plain.flatMap((local, index) => [
    ...op.get(local),
    ...op.f32x4Splat,
    ...op.set(spread[index] as number),
  ]);
  const shift = (...steps: readonly [Bytes, number][]): Bytes => [
    ...op.get(0),
    ...steps.flatMap(([way, bits]) => [...op.smallConstant(bits), ...way]),
    ...op.set(end),
  ];
  const code = [
    ...[...op.f32Exponent, ...op.f32x4Splat, ...op.set(exponent)],
    ...spreading,
    ...shift([op.i32ShiftRight, 2], [op.i32ShiftLeft, 4]),
    ...loop(four, spread),
    ...shift([op.i32ShiftLeft, 2]),
    ...loop(one, plain),
    ...op.end,
  ];
  const declared = locals.map((type): Bytes => [1, type]);
  return sized([...unsigned(declared.length), ...declared.flat(), ...code]);
}

import { type Tensor, tf } from '@tributary/engine';
import type { FlatLayout } from '@tributary/layout';

/** The parameters of one flat vector, by name, inside a traced function. */
export type ParameterViews = (name: string) => Tensor;

/** One gradient for each parameter, by name. */
export type Gradients = ReadonlyMap<string, Tensor>;

export function parameterViews(layout: FlatLayout, flat: Tensor): ParameterViews {
  // One split rather than a slice for each parameter: one graph node.
  const gaps = gapsBehind(layout);
  const sizes = layout.entries.flatMap(({ size }, index) => {
    const gap = gaps[index] as number;
    return gap === 0 ? [size] : [size, gap];
  });
  const pieces = sizes.length === 1 ? [flat] : tf.split(flat, sizes, 0);
  let piece = 0;
  const views = new Map(
    layout.entries.map((entry, index) => {
      const view = tf.reshape(pieces[piece] as Tensor, [...entry.shape]);
      piece += gaps[index] === 0 ? 1 : 2;
      return [entry.name, view];
    }),
  );
  return (name) => {
    const view = views.get(name);
    if (!view) throw new RangeError(`no parameter "${name}" in this layout`);
    return view;
  };
}

/** The flat gradient of a layout: f32[layout.elements]. Every parameter must have a gradient. */
export function flatGradient(layout: FlatLayout, gradients: Gradients): Tensor {
  const gaps = gapsBehind(layout);
  const pieces = layout.entries.map((entry, index) => {
    const gradient = gradients.get(entry.name);
    if (!gradient) throw new RangeError(`parameter "${entry.name}" has no gradient`);
    const flat = tf.reshape(gradient, [entry.size]);
    const gap = gaps[index] as number;
    return gap === 0 ? flat : tf.pad(flat, [[0, gap]]);
  });
  return pieces.length === 1 ? (pieces[0] as Tensor) : tf.concat(pieces, 0);
}

/** Elements of padding behind each parameter. */
function gapsBehind({ entries, elements }: FlatLayout): number[] {
  return entries.map(({ offset, size }, index) => (entries[index + 1]?.offset ?? elements) - offset - size);
}

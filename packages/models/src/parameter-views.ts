import { type Tensor, tf } from '@tributary/engine';
import type { FlatLayout } from '@tributary/layout';

/** The parameters of one flat vector, by name, inside a traced function. */
export type ParameterViews = (name: string) => Tensor;

/** One gradient for each parameter, by name. */
export type Gradients = ReadonlyMap<string, Tensor>;

export function parameterViews(layout: FlatLayout, flat: Tensor): ParameterViews {
  // One split rather than a slice for each parameter: one graph node.
  const pieces =
    layout.entries.length === 1
      ? [flat]
      : tf.split(
          flat,
          layout.entries.map((entry) => entry.size),
          0,
        );
  const views = new Map(
    layout.entries.map((entry, index) => [entry.name, tf.reshape(pieces[index] as Tensor, [...entry.shape])]),
  );
  return (name) => {
    const view = views.get(name);
    if (!view) throw new RangeError(`no parameter "${name}" in this layout`);
    return view;
  };
}

/** The flat gradient of a layout: f32[layout.elements]. Every parameter must have a gradient. */
export function flatGradient(layout: FlatLayout, gradients: Gradients): Tensor {
  const pieces = layout.entries.map((entry) => {
    const gradient = gradients.get(entry.name);
    if (!gradient) throw new RangeError(`parameter "${entry.name}" has no gradient`);
    return tf.reshape(gradient, [entry.size]);
  });
  return pieces.length === 1 ? (pieces[0] as Tensor) : tf.concat(pieces, 0);
}

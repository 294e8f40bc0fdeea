import { TributaryError } from '@tributary/protocol';
import type { Data, TensorSpec } from './compute-backend.js';
import type { Tensor } from './tensorflow-js.js';

export const elementsOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

export const newData = ({ shape, dtype }: TensorSpec): Data =>
  dtype === 'float32' ? new Float32Array(elementsOf(shape)) : new Int32Array(elementsOf(shape));

const describe = ({ shape, dtype }: TensorSpec): string => `${dtype}[${shape.join(',')}]`;

/** Throws unless `data` has exactly the elements of `spec`. */
function checkData(where: string, data: Data | undefined, spec: TensorSpec): void {
  const typed = spec.dtype === 'float32' ? data instanceof Float32Array : data instanceof Int32Array;
  if (data !== undefined && typed && data.length === elementsOf(spec.shape)) return;
  const got = data === undefined ? 'nothing' : `${data.constructor.name} of ${data.length}`;
  throw new TributaryError('INTERNAL', `${where} takes ${describe(spec)}, got ${got}.`);
}

/** Checks the arguments of one run of the function `name` against what it was traced for. */
export function checkRun(
  name: string,
  specs: { readonly inputs: readonly TensorSpec[]; readonly outputs: readonly TensorSpec[] },
  inputs: readonly Data[],
  into: readonly (Data | undefined)[],
): void {
  if (inputs.length !== specs.inputs.length) {
    throw new TributaryError('INTERNAL', `${name} takes ${specs.inputs.length} inputs, got ${inputs.length}.`);
  }
  specs.inputs.forEach((spec, index) => {
    checkData(`input ${index} of ${name}`, inputs[index], spec);
  });
  specs.outputs.forEach((spec, index) => {
    if (into[index] !== undefined) checkData(`output ${index} of ${name}`, into[index], spec);
  });
}

/** The specs of what a function returned. Refuses element types that cannot leave it. */
export function outputSpecs(name: string, outputs: readonly Tensor[]): TensorSpec[] {
  return outputs.map(({ shape, dtype }, index) => {
    if (dtype === 'float32' || dtype === 'int32') return { shape: [...shape], dtype };
    throw new TributaryError(
      'TRACE_REFUSED',
      `Output ${index} of ${name} is ${dtype}; only float32 and int32 can leave it: cast it with tf.cast.`,
    );
  });
}

/** A copy of a tensor's values in its own type: a backend may give out a cast tensor's as they were before the cast. */
export const copyOf = (values: ArrayLike<number>, { dtype }: TensorSpec): Data =>
  dtype === 'float32' ? new Float32Array(values) : new Int32Array(values);

/** Copies an output to where the caller wants it, else to a new array. */
export function deliver(values: Data, into: Data | undefined): Data {
  if (into === undefined) return values;
  into.set(values);
  return into;
}

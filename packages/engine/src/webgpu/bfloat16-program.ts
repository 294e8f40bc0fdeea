import { elementsOf } from '../tensor-spec.js';
import { threads, type WebgpuProgram } from './webgpu-program.js';

/** Rounds float32 numbers to the nearest bfloat16, to even where two are as near, and keeps them as float32. */
export function bfloat16Program(shape: readonly number[]): WebgpuProgram {
  return {
    variableNames: ['x'],
    uniforms: '',
    workgroupSize: [threads, 1, 1],
    size: true,
    outputShape: shape,
    dispatchLayout: { x: shape.map((_, axis) => axis) },
    dispatch: [Math.ceil(elementsOf(shape) / threads), 1, 1],
    shaderKey: 'roundToBfloat16',
    getUserCode: () => `
      fn main(index : i32) {
        if (index < uniforms.size) {
          let bits = bitcast<u32>(getXByOutputIndex(index));
          let rounded = (bits + 0x7fffu + ((bits >> 16u) & 1u)) & 0xffff0000u;
          setOutputAtIndex(index, bitcast<f32>(rounded));
        }
      }`,
  };
}

import { threads, type WebgpuProgram } from './webgpu-program.js';

/**
 * Sums rows by segment: out[s, c] = Σ x[r, c] over the rows r of segment s, in row order. One thread for each element of
 * the result, so that the order of additions is fixed; the backend's own kernel adds atomically, in whatever order threads come.
 */
export function segmentSumProgram(segments: number, width: number, dtype: 'float32' | 'int32'): WebgpuProgram {
  const [type, store] = dtype === 'int32' ? ['i32', 'setOutputAtIndexI32'] : ['f32', 'setOutputAtIndex'];
  return {
    variableNames: ['x', 'segmentIds'],
    uniforms: 'rows : i32,',
    workgroupSize: [threads, 1, 1],
    size: true,
    outputShape: [segments, width],
    dispatchLayout: { x: [0, 1] },
    dispatch: [Math.ceil((segments * width) / threads), 1, 1],
    shaderKey: `orderedSegmentSum_${type}`,
    getUserCode: () => `
      fn main(index : i32) {
        if (index < uniforms.size) {
          let segment = index / uniforms.outShape[1];
          let column = index % uniforms.outShape[1];
          var sum = ${type}(0);
          for (var row = 0; row < uniforms.rows; row = row + 1) {
            if (i32(getSegmentIds(row)) == segment) {
              sum = sum + ${type}(getX(row, column));
            }
          }
          ${store}(index, sum);
        }
      }`,
  };
}

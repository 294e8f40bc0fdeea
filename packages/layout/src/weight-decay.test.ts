import { expect, it } from 'vitest';
import { flatLayout } from './flat-layout.js';
import { decayedRanges } from './weight-decay.js';

it('lets matrices decay, and neither embeddings nor biases nor norms', () => {
  const layout = flatLayout([
    { name: 'embedding', shape: [10, 4] },
    { name: 'encoder.0.input', shape: [4, 6] },
    { name: 'encoder.0.recurrent', shape: [2, 6] },
    { name: 'encoder.0.bias', shape: [6] },
    { name: 'layer.0.norm.gain', shape: [1, 6] },
    { name: 'relative.bias', shape: [3, 3] },
    { name: 'scale', shape: [] },
    { name: 'output.state', shape: [2, 5] },
  ]);
  expect(decayedRanges(layout)).toEqual([
    { offset: 40, size: 24 + 12 },
    { offset: 40 + 36 + 6 + 6 + 9 + 1, size: 10 },
  ]);
  expect(decayedRanges(flatLayout([]))).toEqual([]);
});

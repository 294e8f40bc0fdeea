import { createHash } from 'node:crypto';
import { bytesOf, canonicalNames, dtypeOf, type Tensor, type Tensors } from './tensors.js';

/**
 * SHA-256 over a part's state, independent of how its file is laid out: for each tensor in order of name, the name (with its length), type,
 * rank, sizes, and little-endian bytes. NaN payloads and signed zeros count. Metadata of a part are not state: whatever
 * decides the run's course (cursors too) must be a tensor.
 */
export function stateHashOf(tensors: Tensors): string {
  const hash = createHash('sha256');
  for (const name of canonicalNames(tensors)) {
    const { shape, data } = tensors[name] as Tensor;
    hash.update(JSON.stringify([name, dtypeOf(data), shape]));
    hash.update('\n');
    hash.update(bytesOf(data));
  }
  return hash.digest('hex');
}

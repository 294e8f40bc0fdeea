import { endianness } from 'node:os';
import { TributaryError } from '@tributary/protocol';
import type { VectorMemory } from '../vector-memory.js';
import { bf16Codec } from './bf16-codec.js';
import type { Codec } from './codec.js';
import { fp32Codec } from './fp32-codec.js';
import { int8Codec } from './int8-codec.js';

/**
 * `memory` is where most of the vectors and codes will lie.
 *
 * @throws TributaryError `BACKEND_UNAVAILABLE` on a big-endian processor, whose floats do not lie as the wire has them.
 */
export function codecNamed(name: Codec['name'], memory: VectorMemory): Codec {
  if (endianness() !== 'LE')
    throw new TributaryError(
      'BACKEND_UNAVAILABLE',
      'The exchange needs a little-endian processor; run the worker on one.',
    );
  switch (name) {
    case 'fp32':
      return fp32Codec(memory.kernels);
    case 'bf16':
      return bf16Codec(memory.kernels);
    case 'int8':
      return int8Codec(memory.kernels);
  }
}

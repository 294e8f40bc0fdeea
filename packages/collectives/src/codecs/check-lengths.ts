import { TributaryError } from '@tributary/protocol';
import type { Codec, EncodeOptions } from './codec.js';

/** @throws TributaryError `INTERNAL` when a view is too short: kernels would go on into what lies behind it. */
export function checkLengths(codec: Codec, values: Float32Array, code: Uint8Array, options?: EncodeOptions): void {
  const { length } = values;
  if (code.length < codec.encodedBytes(length))
    throw new TributaryError(
      'INTERNAL',
      `A ${codec.name} code of ${length} elements has ${codec.encodedBytes(length)} bytes; ${code.length} were given.`,
    );
  for (const other of [options?.decoded, options?.residual?.before, options?.residual?.after])
    if (other !== undefined && other.length !== length)
      throw new TributaryError(
        'INTERNAL',
        `A ${codec.name} code of ${length} elements cannot have a residual or decoded vector of ${other.length}.`,
      );
}

import { philox } from './philox.js';

/** FNV-1a over UTF-16 code units, from a given start: folds names into a stream's key. */
function fold(text: string, start: number): number {
  let hash = start >>> 0;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  }
  return hash;
}

/** Draws of one named stream. Equal seed and names give equal draws in any process. */
export interface RandomStream {
  /** Unsigned 32-bit integer. */
  uint32(): number;
  /** Uniform in [0, 1), a multiple of 2^-24: exact in float32. */
  uniform(): number;
  /** Integer in [0, bound), unbiased by rejection. */
  below(bound: number): number;
  /** Standard normal (Box-Muller). */
  normal(): number;
}

/** The stream of `seed` named by `names`, e.g. `randomStream(seed, 'shuffle', task, epoch)`. */
export function randomStream(seed: number, ...names: readonly (string | number)[]): RandomStream {
  const name = names.join('\u0000');
  const key: [number, number] = [seed >>> 0, fold(name, 0x811c9dc5)];
  const salt = fold(name, 0x050c5d1f);
  let block = 0;
  let buffer: readonly number[] = [];
  let used = 4;
  const uint32 = (): number => {
    if (used === 4) {
      buffer = philox([block >>> 0, Math.floor(block / 0x1_0000_0000) >>> 0, salt, 0], key);
      block += 1;
      used = 0;
    }
    return buffer[used++] as number;
  };
  const uniform = (): number => (uint32() >>> 8) / 0x100_0000;
  return {
    uint32,
    uniform,
    below(bound) {
      if (!Number.isInteger(bound) || bound <= 0 || bound > 0x1_0000_0000)
        throw new RangeError(`bound ${bound} is not an integer from 1 to 2^32`);
      const limit = 0x1_0000_0000 - (0x1_0000_0000 % bound);
      let draw = uint32();
      while (draw >= limit) draw = uint32();
      return draw % bound;
    },
    normal() {
      const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
      return radius * Math.cos(2 * Math.PI * uniform());
    },
  };
}

/** Fisher-Yates shuffle in place. */
export function shuffle(values: Int32Array | unknown[], stream: RandomStream): void {
  for (let i = values.length - 1; i > 0; i--) {
    const j = stream.below(i + 1);
    const kept = values[i] as never;
    values[i] = values[j] as never;
    values[j] = kept;
  }
}

import { createHash } from 'node:crypto';

export const splitNames = ['train', 'validation', 'test'] as const;
export type SplitName = (typeof splitNames)[number];

/** Shares of the data kept for validation and for the held-out result (run file: `splits`). */
export interface SplitShares {
  readonly validation: number;
  readonly test: number;
}

/**
 * The split of a key by the first 48 bits of its SHA-256. It depends on nothing but the key and the shares: neither on the seed
 * nor on the order or the rest of the data, so held-out examples are the same in every run with these shares.
 */
export function hashedSplit(key: string, shares: SplitShares): SplitName {
  const position = createHash('sha256').update(key, 'utf8').digest().readUIntBE(0, 6) / 2 ** 48;
  if (position < shares.test) return 'test';
  return position < shares.test + shares.validation ? 'validation' : 'train';
}

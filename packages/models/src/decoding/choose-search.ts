import { beamSearch } from './beam-search.js';
import { rowSearch } from './row-search.js';
import type { DecodingOptions, Search } from './search.js';

/** Rows that a search for one source takes. */
export const rowsOf = ({ search, nBest }: Pick<DecodingOptions, 'search' | 'nBest'>): number =>
  search.kind === 'beam' ? search.width : nBest;

/** @param source number of the source among those of its request: names its random stream */
export function searchOf(options: DecodingOptions, source: number): Search {
  return options.search.kind === 'beam'
    ? beamSearch({ ...options, ...options.search })
    : rowSearch(options, options.search, source);
}

import { TributaryError } from '@tributary/protocol';
import type { DecodingShape } from './decoding-graph.js';

/** What decides the batch of one source. */
export interface DecodingSize {
  /** Symbols of the source. */
  readonly source: number;
  /** Rows that its search takes. */
  readonly rows: number;
  /** Longest output; 0 where the generator needs no room for it. */
  readonly room: number;
}

export interface DecodingBatch {
  readonly shape: DecodingShape;
  /** Places of its sources in the list. */
  readonly places: readonly number[];
}

/**
 * Rows of a batch: few sizes, so that few graphs are traced. Multiples of 16, so that every tensor of the batch fills the
 * processor's vector registers: what is left over is computed by other instructions, which may round in another way.
 */
const rowCounts = [16, 64] as const;

/** Rows times room: state of every position is carried for each row. */
export const mostPositions = 32_768;

/** Lengths that graphs are traced for: 8, 16, 24, 32, 48, 64, 96, … – at most half as much again as is needed, from 16 on. */
export function paddedLength(length: number): number {
  if (length <= 32) return Math.max(8, Math.ceil(length / 8) * 8);
  let power = 32;
  while (power * 2 < length) power *= 2;
  return length <= power * 1.5 ? power * 1.5 : power * 2;
}

/** @throws TributaryError `TOO_LARGE` for a search whose state would not fit */
export function requireFit({ rows, room }: Pick<DecodingSize, 'rows' | 'room'>): void {
  if (rows * paddedLength(room) <= mostPositions) return;
  throw new TributaryError(
    'TOO_LARGE',
    `A search of ${rows} outputs of up to ${room} symbols needs more memory than generation takes; lower maxLength to ${Math.floor(mostPositions / rows / 2)}, or look for fewer outputs.`,
  );
}

/**
 * Divides sources into batches of few shapes. The padded lengths of a source depend on itself alone, and a row's numbers do not
 * depend on the number of rows: it decodes the same whatever else is asked for.
 *
 * @throws TributaryError `TOO_LARGE` for a search whose state would not fit
 */
export function decodingBatches(sizes: readonly DecodingSize[]): DecodingBatch[] {
  const groups = new Map<string, { readonly source: number; readonly room: number; readonly places: number[] }>();
  for (const [place, size] of sizes.entries()) {
    const source = paddedLength(size.source);
    const room = size.room === 0 ? 0 : paddedLength(size.room);
    requireFit(size);
    const key = `${source} ${room}`;
    const group = groups.get(key) ?? { source, room, places: [] };
    group.places.push(place);
    groups.set(key, group);
  }
  return [...groups.values()].flatMap(({ source, room, places }) => {
    const most = rowCounts.filter((count) => count * room <= mostPositions).at(-1) ?? rowCounts[0];
    const batches: { rows: number; readonly places: number[] }[] = [];
    for (const place of places) {
      const { rows } = sizes[place] as DecodingSize;
      let last = batches.at(-1);
      if (last === undefined || last.rows + rows > most) {
        last = { rows: 0, places: [] };
        batches.push(last);
      }
      last.rows += rows;
      last.places.push(place);
    }
    return batches.map((batch): DecodingBatch => {
      const rows = rowCounts.find((count) => count >= batch.rows) ?? batch.rows;
      return { shape: { rows, source, room }, places: batch.places };
    });
  });
}

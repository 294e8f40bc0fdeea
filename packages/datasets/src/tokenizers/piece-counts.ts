import { preTokenize } from './pre-tokenize.js';

/** Most UTF-8 bytes of different pieces that training keeps: about a million English words. */
const mostBytes = 8 * 1024 * 1024;

/** Longer pieces are left out: they are no words, and each merge would read them anew. */
const longestPiece = 1024;

/** How often each piece of text occurs, in memory that does not grow with the text beyond its bound. */
export class PieceCounts {
  readonly #counts = new Map<string, number>();
  readonly #mostBytes: number;
  #bytes = 0;

  /** @param limitBytes of different pieces; once they are reached, new ones are left out, and those known go on counting */
  constructor(limitBytes: number = mostBytes) {
    this.#mostBytes = limitBytes;
  }

  add(text: string): void {
    for (const piece of preTokenize(text)) {
      const count = this.#counts.get(piece);
      if (count === undefined) {
        const bytes = Buffer.byteLength(piece);
        if (bytes > longestPiece || this.#bytes + bytes > this.#mostBytes) continue;
        this.#bytes += bytes;
      }
      this.#counts.set(piece, (count ?? 0) + 1);
    }
  }

  /** Bytes of all different pieces. */
  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#counts.size;
  }

  entries(): IterableIterator<[piece: string, count: number]> {
    return this.#counts.entries();
  }
}

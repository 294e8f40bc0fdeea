import { specialSymbols, TributaryError } from '@tributary/protocol';

/** Occurrences of each symbol. */
export type SymbolCounts = Map<string, number>;

export function countSymbols(counts: SymbolCounts, symbols: readonly string[]): void {
  for (const symbol of symbols) counts.set(symbol, (counts.get(symbol) ?? 0) + 1);
}

/** Order of two strings by Unicode code point (JavaScript's own order is by UTF-16 unit). */
export function compareCodePoints(a: string, b: string): number {
  const left = a[Symbol.iterator]();
  const right = b[Symbol.iterator]();
  for (;;) {
    const x = left.next();
    const y = right.next();
    if (x.done || y.done) return x.done === y.done ? 0 : x.done ? -1 : 1;
    const difference = (x.value.codePointAt(0) as number) - (y.value.codePointAt(0) as number);
    if (difference !== 0) return difference;
  }
}

/**
 * The vocabulary of counted symbols: the four special symbols, then the most frequent first, ties in code point order.
 * @param what names it in errors: `the source vocabulary of task "x"`.
 * @throws TributaryError `DATA_INVALID` if it would have more than `limit` symbols, the special ones included.
 */
export function buildVocabulary(counts: SymbolCounts, limit: number, what: string): string[] {
  const special: ReadonlySet<string> = new Set(specialSymbols);
  const symbols = [...counts].filter(([symbol]) => !special.has(symbol));
  const size = symbols.length + specialSymbols.length;
  if (size > limit)
    throw new TributaryError(
      'DATA_INVALID',
      `${what} has ${size} symbols (4 special ones included), more than vocabulary.limit of ${limit}: raise vocabulary.limit, or cut the text into characters (tokens: characters).`,
    );
  symbols.sort(([a, x], [b, y]) => y - x || compareCodePoints(a, b));
  return [...specialSymbols, ...symbols.map(([symbol]) => symbol)];
}

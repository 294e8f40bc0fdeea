/** One step of a pattern: a character, any one character, or any text. */
type Part = { readonly character: string } | 'one' | 'any';

/**
 * Whether LIKE of this pattern is true of a text: `%` is any text, `_` any character, `\` takes the next one as it is. In time
 * of their lengths' product: as a regular expression, a dozen `%` would hold the process up for hours.
 */
export function isLike(text: string, pattern: string, ignoreCase: boolean): boolean {
  const fold = (of: string) => (ignoreCase ? of.toLowerCase() : of);
  const characters = [...fold(text)];
  const parts = partsOf(fold(pattern));
  let [at, place] = [0, 0];
  // Where to go on when what follows the last `%` does not fit: that one takes a character more.
  let back: { readonly place: number; at: number } | null = null;
  while (at < characters.length) {
    const part = parts[place];
    if (part === 'any') {
      back = { place, at };
      place += 1;
    } else if (part !== undefined && (part === 'one' || part.character === characters[at])) {
      at += 1;
      place += 1;
    } else if (back !== null) {
      back.at += 1;
      at = back.at;
      place = back.place + 1;
    } else return false;
  }
  return parts.slice(place).every((part) => part === 'any');
}

function partsOf(pattern: string): Part[] {
  const parts: Part[] = [];
  for (const [piece, escaped] of pattern.matchAll(/\\(.)|./gsu))
    parts.push(
      escaped !== undefined
        ? { character: escaped }
        : piece === '%'
          ? 'any'
          : piece === '_'
            ? 'one'
            : { character: piece },
    );
  return parts;
}

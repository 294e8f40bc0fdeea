/**
 * White space as Python's `str.split()` and `str.rstrip()` know it, which the reference libraries use: the separators U+001C to U+001F
 * and U+0085 are in it, the byte order mark, which JavaScript's `\s` has, is not.
 */
const space = '[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const oneSpace = new RegExp(`^${space}$`, 'u');
const spaces = new RegExp(`${space}+`, 'gu');

/** The parts between white space, none of them empty. */
export function splitAtSpace(text: string): string[] {
  return text.split(spaces).filter((part) => part !== '');
}

/** The text without white space. */
export function withoutSpace(text: string): string {
  return text.replace(spaces, '');
}

/** The text without white space at its end. */
export function withoutTrailingSpace(text: string): string {
  let end = text.length;
  // White space is in the basic plane: one code unit each.
  while (end > 0 && oneSpace.test(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}

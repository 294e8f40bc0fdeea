import { specialSymbols } from '@tributary/protocol';

/** The words of a text: what stands between white space. */
export function wordsOf(text: string): string[] {
  return text.split(/\s+/u).filter((word) => word !== '');
}

/** On one line, with single spaces between words. */
export function onOneLine(text: string): string {
  return wordsOf(text).join(' ');
}

const reserved: ReadonlySet<string> = new Set(specialSymbols);

/** Whether a text has words, and none of them means something else to a vocabulary (`<s>`). */
export function isPlainText(text: string): boolean {
  const words = wordsOf(text);
  return words.length > 0 && !words.some((word) => reserved.has(word));
}

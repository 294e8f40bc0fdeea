import { letterRanges, numberRanges } from './unicode-classes.js';

const charactersOf = (ranges: string): string => ranges.replace(/[0-9a-f]+/g, '\\u{$&}').replaceAll(' ', '');

/** Unicode's White_Space; JavaScript's `\s` lacks U+0085 and has U+FEFF. */
const space = '\\t-\\r \\u{85}\\u{a0}\\u{1680}\\u{2000}-\\u{200a}\\u{2028}\\u{2029}\\u{202f}\\u{205f}\\u{3000}';
const letters = charactersOf(letterRanges);
const numbers = charactersOf(numberRanges);

/**
 * Every piece of a text: GPT-2's rule (Radford et al. 2019), with letters and numbers of a fixed version of Unicode, so that text is cut
 * alike under every version of Node.
 */
export const piecePattern = new RegExp(
  `'s|'t|'re|'ve|'m|'ll|'d| ?[${letters}]+| ?[${numbers}]+| ?[^${space}${letters}${numbers}]+|[${space}]+(?![^${space}])|[${space}]+`,
  'gu',
);

/**
 * Cuts text into the pieces that byte pairs never cross: words with the space before them, numbers, runs of other characters, white
 * space. The pieces joined are the text.
 */
export function preTokenize(text: string): readonly string[] {
  return text.match(piecePattern) ?? [];
}

import { splitAtSpace, withoutTrailingSpace } from './python-space.js';

/**
 * Words and punctuation marks of a text, as the tokenizer `13a` of sacrebleu cuts them, which is that of NIST's mteval-v13a.pl: ASCII
 * punctuation stands alone, but `.` and `,` between digits do not, nor does a hyphen that follows no digit; case is kept.
 */
export function words13a(text: string): string[] {
  const line = withoutTrailingSpace(text)
    .replaceAll('<skipped>', '')
    .replaceAll('-\n', '')
    .replaceAll('\n', ' ')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>');
  return splitAtSpace(
    ` ${line} `
      .replace(/[{-~[-` -&(-+:-@/]/gu, ' $& ')
      .replace(/([^0-9])([.,])/gu, '$1 $2 ')
      .replace(/([.,])([^0-9])/gu, ' $1 $2')
      .replace(/([0-9])(-)/gu, '$1 $2 '),
  );
}

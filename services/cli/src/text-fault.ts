import { type TextPlace, TributaryError } from '@tributary/protocol';
import { printable } from './render/quantities.js';

/** A mistake in a text of the command line, and that text with a caret under the mistake. */
export class TextFault extends TributaryError {
  readonly excerpt: string;

  constructor({ code, message }: TributaryError, at: TextPlace, text: string) {
    super(code, message, { at });
    this.excerpt = pointAt(text, at.column);
  }
}

/** Asks the API something with these texts; where it finds a mistake in one, its place is shown. */
export async function withExcerpt<T>(
  texts: Partial<Record<TextPlace['text'], string>>,
  ask: () => Promise<T>,
): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof TributaryError) || error.at === undefined) throw error;
    const text = texts[error.at.text];
    throw text === undefined ? error : new TextFault(error, error.at, text);
  }
}

/** Characters shown on either side of a mistake. */
const around = 60;

/** The text on one line, and under it a caret at a column, 1 being the first; of a long text what is around the column. */
export function pointAt(text: string, column: number): string {
  const characters = [...printable(text.replaceAll(/\s/g, ' '))];
  const first = Math.max(0, column - 1 - around);
  const head = first === 0 ? '' : '…';
  const tail = characters.length > column + around ? '…' : '';
  const shown = characters.slice(first, column + around).join('');
  return `  ${head}${shown}${tail}\n  ${' '.repeat(head.length + column - 1 - first)}^`;
}

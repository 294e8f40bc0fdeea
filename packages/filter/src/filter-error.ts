import { type TextPlace, TributaryError } from '@tributary/protocol';

/** What a text is that is read here. */
export type TextKind = TextPlace['text'];

/** Places in a text, in UTF-16 code units; `end` is exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Why a filter, an order or a list of columns cannot be read: one sentence, with the place of the fault. */
export class FilterError extends TributaryError {
  declare readonly at: TextPlace;
  constructor(text: TextKind, column: number, message: string) {
    super('FILTER_INVALID', `Column ${column} of the ${text}: ${message}`, { at: { text, column } });
    this.name = 'FilterError';
  }
}

/** The text that is being read, for errors in it. */
export class SourceText {
  constructor(
    readonly kind: TextKind,
    readonly text: string,
  ) {}

  /** Columns count characters, not code units: a caret stands under the right one. */
  error({ start }: Span, message: string): FilterError {
    return new FilterError(this.kind, [...this.text.slice(0, start)].length + 1, message);
  }

  /** A piece of the text as a message quotes it. */
  quote({ start, end }: Span): string {
    const piece = [...this.text.slice(start, end)];
    return piece.length <= 40 ? piece.join('') : `${piece.slice(0, 39).join('')}…`;
  }
}

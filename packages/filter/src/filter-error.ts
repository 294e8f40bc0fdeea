import { TributaryError } from '@tributary/protocol';

/** What a text that could not be read is. */
export type TextKind = 'filter' | 'order' | 'columns';

/** Places in a text, in UTF-16 code units; `end` is exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Why a filter, an order or a list of columns cannot be read: one sentence, with the column of the fault. */
export class FilterError extends TributaryError {
  constructor(kind: TextKind, column: number, message: string) {
    super('FILTER_INVALID', `Column ${column} of the ${kind}: ${message}`, { column });
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

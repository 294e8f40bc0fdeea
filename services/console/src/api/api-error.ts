/** What the API refused, or that it does not answer. */
export class ApiError extends Error {
  /** 0: no answer came. */
  readonly status: number;
  readonly code: string;
  /** Where in the text that was sent the mistake is, from 1; null: in no text. */
  readonly column: number | null;

  constructor(status: number, code: string, message: string, column: number | null = null) {
    super(message);
    this.column = column;
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
  }
}

/** A sentence for the page. */
export function messageOf(error: unknown): string {
  return error instanceof Error && error.message !== '' ? error.message : 'Something failed; load the page again.';
}

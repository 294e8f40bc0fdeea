import type { ErrorDocument, GeneratedSource, ModelDocument } from '@tributary/protocol';
import type { TextRequest } from '@tributary/trainer';
import type { ModelSource, ServeEnvironment } from './environment.js';

/** What the generating thread is started with. */
export interface ThreadInit {
  readonly source: ModelSource;
  readonly model: ModelDocument;
  readonly compute: ServeEnvironment['compute'];
}

/** Requests that share batches. */
export interface GenerationBatch {
  readonly requests: readonly TextRequest[];
}

/** What came of one request. */
export type GenerationOutcome =
  | { readonly ok: true; readonly outputs: readonly GeneratedSource[] }
  | { readonly ok: false; readonly error: ErrorDocument };

export type FromThread =
  | { readonly kind: 'ready'; readonly tasks: readonly string[]; readonly backend: string }
  | { readonly kind: 'done'; readonly outcomes: readonly GenerationOutcome[] }
  | { readonly kind: 'failed'; readonly error: ErrorDocument };

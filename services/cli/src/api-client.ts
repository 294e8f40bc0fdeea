import { ReadableStream } from 'node:stream/web';
import {
  type ArchiveReplyDocument,
  type AttemptReplyDocument,
  type BestRunsDocument,
  type CheckpointListDocument,
  type CheckpointVerificationDocument,
  type ComparisonDocument,
  type ConflictsDocument,
  type DeletionReplyDocument,
  type ErrorDocument,
  type ExportRequestDocument,
  errorCodes,
  type FileDocument,
  type ForkReplyDocument,
  type ForkRequestDocument,
  type GenerateOptions,
  type GenerateReplyDocument,
  type HealthDocument,
  type HistoryDocument,
  type ImportReplyDocument,
  type LedgerDocument,
  type NoteDocument,
  type PruneReplyDocument,
  type RunDiffDocument,
  type RunDocument,
  type RunLineageDocument,
  type RunListDocument,
  type ScaleReplyDocument,
  type TagsDocument,
  TributaryError,
  type WorkerListDocument,
} from '@tributary/protocol';
import { type ApiConnection, findApi, stackDown } from './api-connection.js';

export interface ListQuery {
  readonly filter?: string;
  readonly order?: string;
  readonly columns?: string;
  readonly page?: string;
  readonly state?: string;
  readonly experiment?: string;
  readonly limit?: number;
  readonly before?: string;
}

export interface CompareQuery {
  readonly by?: 'last' | 'best';
  readonly all?: boolean;
}

export interface BestQuery {
  readonly filter?: string;
  readonly experiment?: string;
  readonly limit?: number;
}

export interface ConflictsQuery {
  readonly group?: string;
  readonly from?: number;
  readonly to?: number;
  readonly buckets?: number;
}

export interface TagChanges {
  readonly set?: Readonly<Record<string, string>>;
  readonly remove?: readonly string[];
}

/** First and last step. */
export interface StepQuery {
  readonly from?: number;
  readonly to?: number;
}

/** The HTTP API; every failure is a TributaryError with a remedy. */
export class ApiClient {
  readonly #connection: ApiConnection;

  constructor(connection: ApiConnection) {
    this.#connection = connection;
  }

  static async open(): Promise<ApiClient> {
    return new ApiClient(await findApi());
  }

  /** Where the console is: the API serves it. */
  get console(): string {
    return `${this.#connection.url}/console`;
  }

  health(): Promise<HealthDocument> {
    return this.#json('GET', '/health');
  }

  upload(bytes: Uint8Array): Promise<FileDocument> {
    return this.#json('PUT', '/files', bytes);
  }

  launch(spec: unknown, files: Readonly<Record<string, string>>): Promise<AttemptReplyDocument> {
    return this.#json('POST', '/runs', { spec, files });
  }

  runs(query: ListQuery): Promise<RunListDocument> {
    return this.#json('GET', `/runs?${searchOf(query)}`);
  }

  run(run: string): Promise<RunDocument> {
    return this.#json('GET', `/runs/${encodeURIComponent(run)}`);
  }

  conflicts(run: string, query: ConflictsQuery = {}): Promise<ConflictsDocument> {
    return this.#json('GET', `/runs/${encodeURIComponent(run)}/conflicts?${searchOf(query)}`);
  }

  compare(runs: readonly string[], query: CompareQuery = {}): Promise<ComparisonDocument> {
    return this.#json('GET', `/compare?${searchOf({ runs: runs.join(','), ...query })}`);
  }

  diff(run: string, other: string): Promise<RunDiffDocument> {
    return this.#json('GET', `/runs/${encodeURIComponent(run)}/diff/${encodeURIComponent(other)}`);
  }

  best(metric: string, query: BestQuery = {}): Promise<BestRunsDocument> {
    return this.#json('GET', `/best?${searchOf({ metric, ...query })}`);
  }

  lineage(run: string): Promise<RunLineageDocument> {
    return this.#json('GET', `/runs/${encodeURIComponent(run)}/lineage`);
  }

  cancel(run: string): Promise<AttemptReplyDocument> {
    return this.#json('POST', `/runs/${encodeURIComponent(run)}/cancel`);
  }

  resume(run: string, steps: number | undefined): Promise<AttemptReplyDocument> {
    return this.#json('POST', `/runs/${encodeURIComponent(run)}/resume`, steps === undefined ? {} : { steps });
  }

  pause(run: string): Promise<AttemptReplyDocument> {
    return this.#json('POST', `/runs/${encodeURIComponent(run)}/pause`);
  }

  scale(run: string, workers: number): Promise<ScaleReplyDocument> {
    return this.#json('POST', `/runs/${encodeURIComponent(run)}/scale`, { workers });
  }

  fork(run: string, request: ForkRequestDocument): Promise<ForkReplyDocument> {
    return this.#json('POST', `/runs/${encodeURIComponent(run)}/fork`, request);
  }

  checkpoints(run: string): Promise<CheckpointListDocument> {
    return this.#json('GET', `/runs/${encodeURIComponent(run)}/checkpoints`);
  }

  verifyCheckpoint(run: string, step: number): Promise<CheckpointVerificationDocument> {
    return this.#json('POST', `/runs/${encodeURIComponent(run)}/checkpoints/${step}/verify`);
  }

  pruneCheckpoints(
    run: string,
    options: { readonly keep: number | null; readonly dryRun: boolean },
  ): Promise<PruneReplyDocument> {
    return this.#json('POST', `/runs/${encodeURIComponent(run)}/checkpoints/prune`, options);
  }

  ledger(run: string, query: StepQuery): Promise<LedgerDocument> {
    return this.#json('GET', `/runs/${encodeURIComponent(run)}/ledger?${searchOf(query)}`);
  }

  /** The body of the event stream of a verification; when it is cancelled, the verification is given up. */
  async verify(run: string, stretch: StepQuery): Promise<ReadableStream<Uint8Array>> {
    const response = await this.#request('POST', `/runs/${encodeURIComponent(run)}/verify`, stretch);
    if (response.body === null) throw new TributaryError('SERVER_FAILED', 'The API sent no events; try again.');
    return response.body as ReadableStream<Uint8Array>;
  }

  workers(): Promise<WorkerListDocument> {
    return this.#json('GET', '/workers');
  }

  generate(request: {
    run: string;
    task: string;
    sources: readonly string[];
    options: GenerateOptions;
  }): Promise<GenerateReplyDocument> {
    return this.#json('POST', '/generate', request);
  }

  /** The body of a run's event stream. */
  async events(run: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const response = await this.#request('GET', `/runs/${encodeURIComponent(run)}/events`, undefined, signal);
    if (response.body === null) throw new TributaryError('SERVER_FAILED', 'The API sent no events; try again.');
    return response.body as ReadableStream<Uint8Array>;
  }

  history(run: string, metric: string, points?: number): Promise<HistoryDocument> {
    return this.#json('GET', `/runs/${encodeURIComponent(run)}/history?${searchOf({ metric, points })}`);
  }

  /** Every point as CSV. */
  historyCsv(run: string, metric: string): Promise<ReadableStream<Uint8Array>> {
    return this.#body('GET', `/runs/${encodeURIComponent(run)}/history.csv?${searchOf({ metric })}`);
  }

  tag(run: string, changes: TagChanges): Promise<TagsDocument> {
    return this.#json('PATCH', `/runs/${encodeURIComponent(run)}/tags`, changes);
  }

  note(run: string, note: string | null): Promise<NoteDocument> {
    return this.#json('PUT', `/runs/${encodeURIComponent(run)}/note`, { note });
  }

  archive(runs: readonly string[]): Promise<ArchiveReplyDocument> {
    return this.#json('POST', '/runs/archive', { runs });
  }

  restore(runs: readonly string[]): Promise<ArchiveReplyDocument> {
    return this.#json('POST', '/runs/restore', { runs });
  }

  delete(runs: readonly string[]): Promise<DeletionReplyDocument> {
    return this.#json('POST', '/runs/delete', { runs });
  }

  /** Waits for a purge under way, up to so long. */
  purge(waitMs: number): Promise<DeletionReplyDocument> {
    return this.#json('POST', `/runs/purge?${searchOf({ waitMs })}`);
  }

  export(request: ExportRequestDocument): Promise<ReadableStream<Uint8Array>> {
    return this.#body('POST', '/export', request);
  }

  import(lines: ReadableStream<Uint8Array>, taken: 'refuse' | 'skip'): Promise<ImportReplyDocument> {
    return this.#json('POST', `/import?${searchOf({ taken })}`, lines);
  }

  async #json<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await this.#request(method, path, body);
    return (await response.json()) as T;
  }

  async #body(method: string, path: string, body?: unknown): Promise<ReadableStream<Uint8Array>> {
    const response = await this.#request(method, path, body);
    if (response.body === null) throw new TributaryError('SERVER_FAILED', 'The API sent nothing; try again.');
    return response.body as ReadableStream<Uint8Array>;
  }

  async #request(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Response> {
    const { url, token } = this.#connection;
    const headers: Record<string, string> = { authorization: `Bearer ${token}` };
    if (body !== undefined) headers['content-type'] = contentTypeOf(body);
    let response: Response;
    try {
      response = await fetch(`${url}/v1${path}`, {
        method,
        headers,
        ...(body === undefined ? {} : payloadOf(body)),
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (cause) {
      if (signal?.aborted === true) throw cause;
      throw this.#unreachable(cause);
    }
    if (!response.ok) throw await this.#refusal(response);
    return response;
  }

  #unreachable(cause: unknown): TributaryError {
    const { url, ownStack } = this.#connection;
    if (ownStack) return stackDown();
    return new TributaryError(
      'STACK_DOWN',
      `No API answers at ${url}; check TRIBUTARY_API_URL, and that the stack there is up.`,
      {
        cause,
      },
    );
  }

  async #refusal(response: Response): Promise<TributaryError> {
    const document = (await response.json().catch(() => ({}))) as Partial<ErrorDocument>;
    const { url, tokenFile } = this.#connection;
    if (response.status === 401)
      return new TributaryError(
        'UNAUTHORIZED',
        `The API at ${url} does not accept the token in ${tokenFile}; name the right file in TRIBUTARY_API_TOKEN_FILE, or unset it to use this machine's stack.`,
      );
    const code = errorCodes.find((known) => known === document.code) ?? 'SERVER_FAILED';
    return new TributaryError(
      code,
      document.message ?? `The API at ${url} answered ${response.status}; see: npx tributary status`,
      document.at === undefined ? {} : { at: document.at },
    );
  }
}

function contentTypeOf(body: unknown): string {
  if (body instanceof Uint8Array) return 'application/octet-stream';
  return body instanceof ReadableStream ? 'application/x-ndjson' : 'application/json';
}

function payloadOf(body: unknown): RequestInit {
  if (body instanceof Uint8Array) return { body: new Uint8Array(body) };
  // Sent as it is read; fetch asks for `duplex` then.
  if (body instanceof ReadableStream) return { body, duplex: 'half' } as RequestInit;
  return { body: JSON.stringify(body) };
}

function searchOf(query: object): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  return search.toString();
}

import type {
  AttemptReplyDocument,
  ComparisonDocument,
  ConflictsDocument,
  ErrorDocument,
  FileDocument,
  GenerateReplyDocument,
  HealthDocument,
  HistoryDocument,
  RunDocument,
  RunListDocument,
  ScaleReplyDocument,
  ValidationReplyDocument,
  WorkerListDocument,
} from '@tributary/protocol';
import { ApiError } from './api-error.js';

/** A run of a list, with what the filter and the order speak of. */
export type ListedRun = RunListDocument['runs'][number];

export interface RunQuery {
  readonly filter?: string;
  readonly order?: string;
  readonly page?: string;
  readonly limit?: number;
}

const away = 'The API does not answer; look at it with: npx tributary status';

/** The HTTP API of the stack that served this page. */
export class ApiClient {
  readonly #token: string;
  readonly #onRefusedToken: () => void;

  /** @param onRefusedToken called when the API does not know the token */
  constructor(token: string, onRefusedToken: () => void = () => undefined) {
    this.#token = token;
    this.#onRefusedToken = onRefusedToken;
  }

  health(signal?: AbortSignal): Promise<HealthDocument> {
    return this.#json('GET', '/health', undefined, signal);
  }

  runs(query: RunQuery, signal?: AbortSignal): Promise<RunListDocument> {
    return this.#json('GET', `/runs?${search(query)}`, undefined, signal);
  }

  run(run: string, signal?: AbortSignal): Promise<RunDocument> {
    return this.#json('GET', `/runs/${encodeURIComponent(run)}`, undefined, signal);
  }

  /** @param points most that come back; ends, minima and maxima stay */
  history(run: string, metric: string, points: number, signal?: AbortSignal): Promise<HistoryDocument> {
    return this.#json(
      'GET',
      `/runs/${encodeURIComponent(run)}/history?${search({ metric, points })}`,
      undefined,
      signal,
    );
  }

  compare(runs: readonly string[], signal?: AbortSignal): Promise<ComparisonDocument> {
    return this.#json('GET', `/compare?${search({ runs: runs.join(',') })}`, undefined, signal);
  }

  conflicts(run: string, buckets: number, signal?: AbortSignal): Promise<ConflictsDocument> {
    return this.#json('GET', `/runs/${encodeURIComponent(run)}/conflicts?${search({ buckets })}`, undefined, signal);
  }

  workers(signal?: AbortSignal): Promise<WorkerListDocument> {
    return this.#json('GET', '/workers', undefined, signal);
  }

  validate(text: string): Promise<ValidationReplyDocument> {
    return this.#json('POST', '/validate', { text, name: 'run file' });
  }

  upload(file: Blob): Promise<FileDocument> {
    return this.#json('PUT', '/files', file);
  }

  launch(spec: unknown, files: Readonly<Record<string, string>>): Promise<AttemptReplyDocument> {
    return this.#json('POST', '/runs', { spec, files });
  }

  pause(run: string): Promise<AttemptReplyDocument> {
    return this.#json('POST', `/runs/${encodeURIComponent(run)}/pause`);
  }

  cancel(run: string): Promise<AttemptReplyDocument> {
    return this.#json('POST', `/runs/${encodeURIComponent(run)}/cancel`);
  }

  resume(run: string, steps: number | null): Promise<AttemptReplyDocument> {
    return this.#json('POST', `/runs/${encodeURIComponent(run)}/resume`, steps === null ? {} : { steps });
  }

  scale(run: string, workers: number): Promise<ScaleReplyDocument> {
    return this.#json('POST', `/runs/${encodeURIComponent(run)}/scale`, { workers });
  }

  generate(run: string, task: string, source: string): Promise<GenerateReplyDocument> {
    return this.#json('POST', '/generate', { run, task, sources: [source] });
  }

  /** The body of a run's event stream. */
  async events(run: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const response = await this.#request('GET', `/runs/${encodeURIComponent(run)}/events`, undefined, signal);
    if (response.body === null) throw new ApiError(0, 'SERVER_FAILED', away);
    return response.body;
  }

  async #json<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
    const response = await this.#request(method, path, body, signal);
    return (await response.json()) as T;
  }

  async #request(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Response> {
    const headers: Record<string, string> = { authorization: `Bearer ${this.#token}` };
    const bytes = body instanceof Blob;
    if (body !== undefined) headers['content-type'] = bytes ? 'application/octet-stream' : 'application/json';
    const init: RequestInit = { method, headers, cache: 'no-store', credentials: 'omit' };
    if (body !== undefined) init.body = bytes ? body : JSON.stringify(body);
    if (signal !== undefined) init.signal = signal;
    const response = await fetch(`/v1${path}`, init).catch((error: unknown) => {
      if (signal?.aborted === true) throw error;
      throw new ApiError(0, 'STACK_DOWN', away);
    });
    if (response.ok) return response;
    const document = (await response.json().catch(() => ({}))) as Partial<ErrorDocument>;
    if (response.status === 401) this.#onRefusedToken();
    throw new ApiError(
      response.status,
      document.code ?? 'SERVER_FAILED',
      document.message ?? `The API answered ${response.status}; see: npx tributary logs api`,
      document.at?.column ?? null,
    );
  }
}

function search(query: object): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.set(name, String(value));
  return parameters.toString();
}

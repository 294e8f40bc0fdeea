import { mostSources } from '@tributary/config';
import type { GenerateOptions, GenerateReplyDocument } from '@tributary/protocol';
import type { ApiClient } from '../api-client.js';

export interface GenerateAll {
  readonly run: string;
  readonly task: string;
  readonly sources: readonly string[];
  readonly options: GenerateOptions;
}

/** The replies for a list of any length, in as many requests as it takes; draws are those of one request. */
export async function* generateAll(client: ApiClient, request: GenerateAll): AsyncGenerator<GenerateReplyDocument> {
  for (let first = 0; first < request.sources.length; first += mostSources)
    yield await client.generate({
      ...request,
      sources: request.sources.slice(first, first + mostSources),
      options: { ...request.options, firstSource: first },
    });
}

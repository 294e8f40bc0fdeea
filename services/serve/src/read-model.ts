import {
  type ErrorDocument,
  errorCodes,
  type ModelDocument,
  type ObjectStore,
  TributaryError,
} from '@tributary/protocol';
import type { ModelSource } from './environment.js';

/**
 * Where the newest checkpoint of the run lies.
 * @throws TributaryError `RUN_NOT_FOUND`, `CHECKPOINT_NOT_FOUND`, `STACK_DOWN`, `UNAUTHORIZED`
 */
export async function readModel(source: ModelSource): Promise<ModelDocument> {
  return (await (await ask(source, 'model')).json()) as ModelDocument;
}

/** The objects of a run, read through the API: a server needs no access to NATS, and may run where the command line does. */
export function objectsOfRun(source: ModelSource): Pick<ObjectStore, 'get'> {
  return {
    get: async (key) =>
      new Uint8Array(await (await ask(source, `objects?key=${encodeURIComponent(key)}`)).arrayBuffer()),
  };
}

async function ask({ url, token, run }: ModelSource, what: string): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(`${url}/v1/runs/${encodeURIComponent(run)}/${what}`, {
      headers: { authorization: `Bearer ${token}` },
    });
  } catch (cause) {
    throw new TributaryError('STACK_DOWN', `No API answers at ${url}; check that the stack there is up.`, { cause });
  }
  if (response.ok) return response;
  const document = (await response.json().catch(() => ({}))) as Partial<ErrorDocument>;
  throw new TributaryError(
    errorCodes.find((known) => known === document.code) ?? 'SERVER_FAILED',
    document.message ?? `The API at ${url} answered ${response.status}; see: npx tributary status`,
  );
}

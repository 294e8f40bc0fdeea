import { type ConflictsDocument, type RunDocument, TributaryError } from '@tributary/protocol';
import type { ApiClient } from './api-client.js';

/** A run's conflicts as a report needs them; null where there can be none, or none are known. */
export async function conflictsOfRun(
  client: ApiClient,
  { run, tasks }: RunDocument,
): Promise<ConflictsDocument | null> {
  if (tasks.length < 2) return null;
  try {
    return await client.conflicts(run, { buckets: 1 });
  } catch (error) {
    // A report is not to fail for a line of it.
    if (error instanceof TributaryError) return null;
    throw error;
  }
}

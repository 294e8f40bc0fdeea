import type { ApiClient } from './api-client.js';
import { withExcerpt } from './text-fault.js';

/** Runs of one page. */
const pageSize = 500;

/**
 * The ids of every run that a filter is true of, newest first; of archived ones where it says `archived`.
 * @throws TextFault where the filter cannot be read
 */
export async function runsMatching(client: ApiClient, filter: string): Promise<string[]> {
  const found: string[] = [];
  let page: string | undefined;
  do {
    const list = await withExcerpt({ filter }, () =>
      client.runs({ filter, limit: pageSize, ...(page === undefined ? {} : { page }) }),
    );
    found.push(...list.runs.map(({ run }) => run));
    page = list.next ?? undefined;
  } while (page !== undefined);
  return found;
}

import { type DeletionReplyDocument, TributaryError } from '@tributary/protocol';
import type { Command } from 'commander';
import { ApiClient } from '../api-client.js';
import { type JsonOption, print, printJson } from './options.js';

/** Runs of one request. */
const runsAtOnce = 500;
/** How long one request waits for the purge. */
const waitMs = 10_000;

/** runs delete. */
export function addDeleteCommand(runs: Command): void {
  runs
    .command('delete')
    .description('delete runs at rest for good, with their checkpoints')
    .argument('<run...>')
    .option('--wait', 'until their data is gone too, which goes in the background else')
    .option('--json', 'print JSON')
    .action(async (names: string[], options: JsonOption & { wait?: boolean }) => {
      const reply = await deleteRuns(await ApiClient.open(), [...new Set(names)], options.wait ?? false);
      if (options.json) return printJson(reply);
      print(deletionText(reply));
    });
}

async function deleteRuns(client: ApiClient, runs: readonly string[], wait: boolean): Promise<DeletionReplyDocument> {
  const deleted: string[] = [];
  let purging = 0;
  for (let start = 0; start < runs.length; start += runsAtOnce) {
    try {
      const reply = await client.delete(runs.slice(start, start + runsAtOnce));
      deleted.push(...reply.deleted);
      purging = reply.purging;
    } catch (error) {
      if (deleted.length === 0 || !(error instanceof TributaryError)) throw error;
      throw new TributaryError(error.code, `${deleted.length} runs are deleted, then: ${error.message}`, {
        cause: error,
      });
    }
  }
  while (wait && purging > 0) ({ purging } = await client.purge(waitMs));
  return { deleted, purging };
}

function deletionText({ deleted, purging }: DeletionReplyDocument): string {
  const [done, whose] =
    deleted.length === 1 ? ['1 run is deleted', 'its'] : [`${deleted.length} runs are deleted`, 'their'];
  return purging === 0
    ? `${done}, and all ${whose} data`
    : `${done}; data of ${purging === 1 ? '1 run' : `${purging} runs`} still goes in the background`;
}

import { type DeletionReplyDocument, TributaryError } from '@tributary/protocol';
import type { Command } from 'commander';
import { ApiClient } from '../api-client.js';
import { runsMatching } from '../runs-matching.js';
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
    .argument('[run...]')
    .option('--filter <filter>', 'those that it is true of, as in `runs list`')
    .option('--yes', 'delete what the filter finds; without it they are only named')
    .option('--wait', 'until their data is gone too, which goes in the background else')
    .option('--json', 'print JSON')
    .action(async (names: string[], options: DeleteOptions) => {
      const { filter, yes, wait, json } = options;
      if ((names.length === 0) === (filter === undefined))
        throw new TributaryError('SPEC_INVALID', 'Name the runs to delete, or give a --filter, but not both.');
      const client = await ApiClient.open();
      const chosen = filter === undefined ? [...new Set(names)] : await runsMatching(client, filter);
      if (filter !== undefined && !yes) return json ? printJson({ wouldDelete: chosen }) : print(wouldDelete(chosen));
      const reply = await deleteRuns(client, chosen, wait ?? false);
      if (json) return printJson(reply);
      print(deletionText(reply));
    });
}

interface DeleteOptions extends JsonOption {
  readonly filter?: string;
  readonly yes?: boolean;
  readonly wait?: boolean;
}

/** A filter may find more than was meant. */
function wouldDelete(runs: readonly string[]): string {
  if (runs.length === 0) return 'No run fits the filter';
  const shown = runs.slice(0, 20).join('\n');
  const more = runs.length > 20 ? `\n… and ${runs.length - 20} more` : '';
  return `${shown}${more}\n\n${runs.length === 1 ? '1 run fits' : `${runs.length} runs fit`}; delete for good with --yes`;
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

import type { Command } from 'commander';
import { ApiClient, type ConflictsQuery } from '../api-client.js';
import { conflictsTable } from '../render/conflicts-table.js';
import { type JsonOption, positiveInteger, print, printJson } from './options.js';

/** As wide as the table leaves room for. */
const defaultBuckets = 20;

/** `runs conflicts` */
export function addConflictsCommand(runs: Command): void {
  runs
    .command('conflicts')
    .description('which tasks pull the shared parameters apart, and when')
    .argument('<run>')
    .option('--group <name>', 'only this group of parameters; without it, all of them')
    .option('--from <step>', 'first step', positiveInteger)
    .option('--to <step>', 'last step', positiveInteger)
    .option('--buckets <n>', 'stretches of steps to look at', positiveInteger, defaultBuckets)
    .option('--json', 'print JSON')
    .action(async (run: string, { json, ...query }: JsonOption & ConflictsQuery) => {
      const document = await (await ApiClient.open()).conflicts(run, query);
      if (json) return printJson(document);
      print(conflictsTable(document));
    });
}

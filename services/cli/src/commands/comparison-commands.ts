import { type Command, Option } from 'commander';
import { ApiClient, type BestQuery, type CompareQuery } from '../api-client.js';
import { bestRunsText } from '../render/best-runs-text.js';
import { comparisonText } from '../render/comparison-text.js';
import { diffText } from '../render/diff-text.js';
import { lineageText } from '../render/family-text.js';
import { withExcerpt } from '../text-fault.js';
import { type JsonOption, positiveInteger, print, printJson } from './options.js';

/** `runs compare`, `diff`, `best`, `lineage`. */
export function addComparisonCommands(runs: Command): void {
  runs
    .command('compare')
    .description('runs side by side: only what differs, the best of each metric marked')
    .argument('<run...>', 'two runs or more')
    .addOption(
      new Option('--by <value>', 'which value of a metric: its last, or the best it ever had')
        .choices(['last', 'best'])
        .default('last'),
    )
    .option('--all', 'also what is the same in all')
    .option('--json', 'print JSON')
    .action(async (names: string[], { json, ...query }: JsonOption & CompareQuery) => {
      const document = await (await ApiClient.open()).compare(names, query);
      if (json) return printJson(document);
      print(comparisonText(document));
    });

  runs
    .command('diff')
    .description('what two runs were made of, as far as it differs: run file, code, packages, data, machine')
    .argument('<run>')
    .argument('<other>')
    .option('--json', 'print JSON')
    .action(async (run: string, other: string, { json }: JsonOption) => {
      const document = await (await ApiClient.open()).diff(run, other);
      if (json) return printJson(document);
      print(diffText(document));
    });

  runs
    .command('best')
    .description('the run in which a metric got best; of equals the oldest')
    .argument('<metric>', 'e.g. spell.validation.loss')
    .option('--filter <filter>', "only runs of which it is true, e.g. params.seed = 1 and tags.purpose = 'baseline'")
    .option('--experiment <name>', 'only runs of this experiment')
    .option('--limit <n>', 'how many, best first', positiveInteger, 1)
    .option('--json', 'print JSON')
    .action(async (metric: string, { json, ...query }: JsonOption & BestQuery) => {
      const client = await ApiClient.open();
      const { filter } = query;
      const document = await withExcerpt(filter === undefined ? {} : { filter }, () => client.best(metric, query));
      if (json) return printJson(document);
      if (document.runs.length === 0) return print(`No run that was asked for has ever had a number as ${metric}.`);
      print(bestRunsText(document));
    });

  runs
    .command('lineage')
    .description('what a run comes from, what came of it, and what it was made of')
    .argument('<run>')
    .option('--json', 'print JSON')
    .action(async (run: string, { json }: JsonOption) => {
      const document = await (await ApiClient.open()).lineage(run);
      if (json) return printJson(document);
      print(lineageText(document));
    });
}

import type { RunListDocument } from '@tributary/protocol';
import type { Command } from 'commander';
import { ApiClient, type ListQuery } from '../api-client.js';
import { runTable } from '../render/run-table.js';
import { shellCommand } from '../render/shell-command.js';
import { withExcerpt } from '../text-fault.js';
import { type JsonOption, positiveInteger, print, printJson } from './options.js';

interface ListOptions extends JsonOption {
  readonly filter?: string;
  readonly sort?: string;
  readonly columns?: string;
  readonly state?: string;
  readonly experiment?: string;
  readonly limit: number;
  readonly page?: string;
  readonly before?: string;
}

/** `runs list`, which `runs` alone means too. */
export function addRunListCommand(runs: Command): void {
  runs
    .command('list', { isDefault: true })
    .description('runs, newest first, or by filter and order')
    .option('--filter <conditions>', `only runs of which it is true: "metrics.loss < 0.3 and params.seed = 1"`)
    .option('--sort <keys>', 'order: "best(spell.validation.loss)", "-created"; runs without the value come last')
    .option('--columns <fields>', 'what to show: run,state,metrics.loss,params.optimizer.learningRate')
    .option('--state <states>', 'only these states, separated by commas')
    .option('--experiment <name>', 'only runs of this experiment')
    .option('--limit <n>', 'how many', positiveInteger, 50)
    .option('--page <token>', 'go on where a page ended: it says how')
    .option('--before <run>', 'go on after this run')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nThe filter language: packages/filter/README.md')
    .action(async (options: ListOptions) => {
      const { json, sort, ...rest } = options;
      const query: ListQuery = { ...rest, ...(sort === undefined ? {} : { order: sort }) };
      const client = await ApiClient.open();
      const page = await withExcerpt({ ...query }, () => client.runs(query));
      if (json) return printJson(page);
      print(page.runs.length === 0 ? nothingFound(options) : runTable(page, options.columns !== undefined));
      if (page.next !== null) print(`\nMore with: ${nextCommand(options, page)}`);
    });
}

function nothingFound({ filter, state, experiment, page, before }: ListOptions): string {
  if (page !== undefined || before !== undefined) return 'There are no more runs.';
  if ([filter, state, experiment].some((choice) => choice !== undefined)) return 'No run is like that.';
  return 'There are no runs; launch one with: npx tributary launch examples/words.yaml --watch';
}

function nextCommand(
  { json: _, page: __, before: ___, limit, ...options }: ListOptions,
  { next }: RunListDocument,
): string {
  const chosen = { ...options, ...(limit === 50 ? {} : { limit: String(limit) }), page: next ?? '' };
  const flags = Object.entries(chosen).flatMap(([name, value]) => [`--${name}`, value]);
  return shellCommand(['npx', 'tributary', 'runs', 'list', ...flags]);
}

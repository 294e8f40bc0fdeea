import { type Command, InvalidArgumentError } from 'commander';
import { ApiClient } from '../api-client.js';
import { writeOut } from '../output-file.js';
import { plotRuns } from '../plot/plot-runs.js';
import { historyText } from '../render/history-text.js';
import { type JsonOption, positiveInteger, print, printJson } from './options.js';

/** Where the terminal does not say. */
const defaultColumns = 100;

/** runs history, plot. */
export function addHistoryCommands(runs: Command): void {
  runs
    .command('history')
    .description('a metric over the steps of a run')
    .argument('<run>')
    .argument('<metric>', 'as spell.train.loss, or grad_norm of the run')
    .option('--points <n>', 'at most so many: every stretch of steps keeps its ends and extremes', pointCount)
    .option('--csv', 'print every point, or those of --points, as step,value')
    .option('--out <file>', 'write into this file what --csv would print')
    .option('--json', 'print JSON')
    .action(
      async (run: string, metric: string, options: JsonOption & { points?: number; csv?: boolean; out?: string }) => {
        const { json, points, csv, out } = options;
        const client = await ApiClient.open();
        if (csv || out !== undefined) {
          if (points === undefined) {
            await writeOut(await client.historyCsv(run, metric), out);
            return;
          }
          const rows = (await client.history(run, metric, points)).points.map(
            ({ step, value }) => `${step},${value}\n`,
          );
          await writeOut(new Blob(['step,value\n', ...rows]).stream(), out);
          return;
        }
        const history = await client.history(run, metric, points);
        if (json) return printJson(history);
        print(historyText(history, process.stdout.columns ?? defaultColumns));
      },
    );

  runs
    .command('plot')
    .description('draw metrics of runs into an SVG or PNG file')
    .argument('<run...>')
    .requiredOption('--metric <name>', 'a metric, one panel each; may stand often', collected)
    .requiredOption('--out <file>', 'what to write: .svg or .png')
    .option('--log', 'a logarithmic axis of values')
    .option('--json', 'print JSON')
    .action(
      async (names: string[], options: JsonOption & { metric: readonly string[]; out: string; log?: boolean }) => {
        const { json, metric, out, log } = options;
        const request = { runs: names, metrics: metric, out, log: log ?? false };
        const report = await plotRuns(await ApiClient.open(), request);
        if (json) return printJson(report);
        for (const { run, metric: lacking } of report.missing)
          print(`Run ${run} has no metric ${lacking}; it is left out`);
        print(`${out}: ${report.lines === 1 ? '1 line' : `${report.lines} lines`}`);
      },
    );
}

function collected(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

function pointCount(text: string): number {
  const value = positiveInteger(text);
  if (value < 5 || value > 20_000)
    throw new InvalidArgumentError('It must be 5 to 20000; --csv without it prints all.');
  return value;
}

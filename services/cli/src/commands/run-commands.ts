import type { Command } from 'commander';
import { ApiClient } from '../api-client.js';
import { conflictsOfRun } from '../conflicts-of-run.js';
import { pageLinks } from '../page-links.js';
import { readRunFile } from '../read-run-file.js';
import { grafanaPage } from '../render/pages.js';
import { printable } from '../render/quantities.js';
import { runDetails } from '../render/run-report.js';
import { watchRun } from '../watch-run.js';
import { addComparisonCommands } from './comparison-commands.js';
import { addConflictsCommand } from './conflicts-command.js';
import { addDeleteCommand } from './delete-command.js';
import { addExportCommands } from './export-commands.js';
import { addGenerateCommand } from './generate-command.js';
import { addHistoryCommands } from './history-commands.js';
import { addLabelCommands } from './label-commands.js';
import { type Finish, type JsonOption, positiveInteger, print, printJson } from './options.js';
import { addRunListCommand } from './run-list-command.js';
import { addLedgerCommand } from './verify-commands.js';

/** launch, validate, watch, runs, cancel, resume, generate. */
export function addRunCommands(program: Command, finish: Finish): void {
  program
    .command('launch')
    .description('launch a training run from a run file')
    .argument('<file>', 'run file, YAML or JSON')
    .option('--watch', 'follow it to its end and print the results')
    .option('--json', 'print JSON')
    .action(async (file: string, options: JsonOption & { watch?: boolean }) => {
      const { spec, files } = await readRunFile(file);
      const client = await ApiClient.open();
      const keys: Record<string, string> = {};
      for (const [path, bytes] of files) keys[path] = (await client.upload(bytes)).key;
      const launched = await client.launch(spec, keys);
      if (options.json) printJson(options.watch ? { kind: 'launched', ...launched } : launched);
      else if (options.watch) print(`Run ${launched.run}`);
      else {
        print(`Run ${launched.run} is ${launched.state}; follow it with: npx tributary watch ${launched.run}`);
        const grafana = (await pageLinks(client))?.grafana;
        const page = { run: launched.run, createdAt: new Date().toISOString(), endedAt: null };
        if (grafana) print(`Grafana: ${printable(grafanaPage(page, grafana))}`);
      }
      if (options.watch) finish(await watchRun(client, launched.run, { json: options.json ?? false }));
    });

  program
    .command('validate')
    .description('check a run file and its data without launching it')
    .argument('<file>', 'run file, YAML or JSON')
    .option('--json', 'print the run file with every default filled in')
    .action(async (file: string, options: JsonOption) => {
      const { spec } = await readRunFile(file);
      if (options.json) return printJson(spec);
      const lanes = spec.tasks.reduce((sum, task) => sum + task.replicas, 0);
      const tasks = spec.tasks.map((task) => task.name).join(', ');
      print(
        `${file} is valid: ${spec.tasks.length === 1 ? 'task' : 'tasks'} ${tasks}; ${lanes} ${lanes === 1 ? 'lane' : 'lanes'}, ${spec.budget.steps} steps`,
      );
    });

  program
    .command('watch')
    .description('follow a run to its end and print its results; Ctrl-C detaches')
    .argument('<run>')
    .option('--json', 'print events as JSON lines')
    .action(async (run: string, options: JsonOption) => {
      finish(await watchRun(await ApiClient.open(), run, { json: options.json ?? false }));
    });

  const runs = program.command('runs').description('list and show runs');
  addRunListCommand(runs);
  runs
    .command('show')
    .description('results, examples and history of a run')
    .argument('<run>')
    .option('--json', 'print JSON')
    .action(async (run: string, options: JsonOption) => {
      const client = await ApiClient.open();
      const document = await client.run(run);
      if (options.json) return printJson(document);
      print(runDetails(document, await pageLinks(client), await conflictsOfRun(client, document)));
    });
  addComparisonCommands(runs);
  addConflictsCommand(runs);
  addLedgerCommand(runs);
  addHistoryCommands(runs);
  addLabelCommands(runs);
  addDeleteCommand(runs);
  addExportCommands(runs);

  program
    .command('cancel')
    .description('end a run at its next step; its checkpoint stays')
    .argument('<run>')
    .option('--json', 'print JSON')
    .action(async (run: string, options: JsonOption) => {
      const reply = await (await ApiClient.open()).cancel(run);
      if (options.json) return printJson(reply);
      const done =
        reply.state === 'cancelled'
          ? 'is cancelled'
          : reply.state === 'queued'
            ? 'leaves the queue'
            : 'ends at its next step';
      print(`Run ${run} ${done}; go on later with: npx tributary resume ${run}`);
    });

  program
    .command('resume')
    .description('go on with a run from its newest checkpoint')
    .argument('<run>')
    .option('--steps <n>', 'train up to this step; a finished run needs more than it has', positiveInteger)
    .option('--watch', 'follow it to its end and print the results')
    .option('--json', 'print JSON')
    .action(async (run: string, options: JsonOption & { steps?: number; watch?: boolean }) => {
      const client = await ApiClient.open();
      const reply = await client.resume(run, options.steps);
      if (options.json) printJson(options.watch ? { kind: 'resumed', ...reply } : reply);
      else if (!options.watch)
        print(`Run ${run} is ${reply.state} (attempt ${reply.attempt}); follow it with: npx tributary watch ${run}`);
      if (options.watch) finish(await watchRun(client, run, { json: options.json ?? false }));
    });

  addGenerateCommand(program);
}

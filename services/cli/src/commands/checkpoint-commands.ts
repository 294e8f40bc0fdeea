import type { Command } from 'commander';
import { ApiClient } from '../api-client.js';
import { exitCodes } from '../failure.js';
import { checkpointTable, pruneText, verificationText } from '../render/checkpoints.js';
import { type Finish, type JsonOption, positiveInteger, print, printJson, wholeNumber } from './options.js';

/** checkpoints list, verify, prune. */
export function addCheckpointCommands(program: Command, finish: Finish): void {
  const checkpoints = program.command('checkpoints').description('list, verify and prune the checkpoints of a run');
  checkpoints
    .command('list')
    .description('committed checkpoints, newest first')
    .argument('<run>')
    .option('--json', 'print JSON')
    .action(async (run: string, options: JsonOption) => {
      const list = await (await ApiClient.open()).checkpoints(run);
      if (options.json) return printJson(list);
      print(checkpointTable(list));
    });
  checkpoints
    .command('verify')
    .description('read every file and compare its size, SHA-256 and state; exit code 1 where one is damaged')
    .argument('<run>')
    .option('--step <n>', 'only the checkpoint of this step', wholeNumber)
    .option('--json', 'print JSON')
    .action(async (run: string, options: JsonOption & { step?: number }) => {
      const client = await ApiClient.open();
      const { step } = options;
      const steps = step === undefined ? (await client.checkpoints(run)).checkpoints.map((each) => each.step) : [step];
      const results = [];
      for (const each of steps) {
        const result = await client.verifyCheckpoint(run, each);
        results.push(result);
        if (!options.json) print(verificationText(result));
      }
      const damaged = results.filter(({ intact }) => !intact).length;
      if (options.json) printJson({ run, damaged, checkpoints: results });
      else if (results.length === 0) print(`Run ${run} has no checkpoint yet`);
      else if (damaged > 0 && damaged < results.length)
        print('Recovery passes damaged checkpoints over and begins from the newest that is whole');
      if (damaged > 0) finish(exitCodes.failed);
    });
  checkpoints
    .command('prune')
    .description('delete old checkpoints; never the newest, and none that a run needs now')
    .argument('<run>')
    .option(
      '--keep <n>',
      "keep this many of the newest, and no others; without it, what the run file's checkpoints block keeps",
      positiveInteger,
    )
    .option('--dry-run', 'only say what would be deleted')
    .option('--json', 'print JSON')
    .action(async (run: string, options: JsonOption & { keep?: number; dryRun?: boolean }) => {
      const client = await ApiClient.open();
      const reply = await client.pruneCheckpoints(run, { keep: options.keep ?? null, dryRun: options.dryRun ?? false });
      if (options.json) return printJson(reply);
      print(pruneText(reply));
    });
}

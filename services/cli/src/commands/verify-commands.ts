import type { Command } from 'commander';
import { ApiClient } from '../api-client.js';
import { exitCodes } from '../failure.js';
import { ledgerTable } from '../render/ledger-table.js';
import { verifyRun } from '../verify-run.js';
import { type Finish, type JsonOption, print, printJson, wholeNumber } from './options.js';

interface StretchOptions {
  readonly from?: number;
  readonly to?: number;
}

/** `verify` */
export function addVerifyCommand(program: Command, finish: Finish): void {
  program
    .command('verify')
    .description(
      'do the steps between two checkpoints again and compare every recorded state hash; exit code 1 where one differs',
    )
    .argument('<run>')
    .option('--from <step>', 'the checkpoint to begin with, or 0; default: the one before --to', wholeNumber)
    .option('--to <step>', 'the checkpoint to end with; default: the newest', wholeNumber)
    .option('--json', 'print JSON')
    .action(async (run: string, { json, ...stretch }: JsonOption & StretchOptions) => {
      const result = await verifyRun(await ApiClient.open(), run, stretch, { json: json ?? false });
      if (!result.equal) finish(exitCodes.failed);
    });
}

/** `runs ledger` */
export function addLedgerCommand(runs: Command): void {
  runs
    .command('ledger')
    .description('which batches each lane read at each step, and the state hashes of snapshots')
    .argument('<run>')
    .option('--from <step>', 'first step', wholeNumber)
    .option('--to <step>', 'last step', wholeNumber)
    .option('--json', 'print JSON')
    .action(async (run: string, { json, ...range }: JsonOption & StretchOptions) => {
      const document = await (await ApiClient.open()).ledger(run, range);
      if (json) return printJson(document);
      print(ledgerTable(document, range.to));
    });
}

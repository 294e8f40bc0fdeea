import {
  apiUrl,
  consoleLink,
  consoleUrl,
  diskUse,
  doctor,
  down,
  prometheusUrl,
  purge,
  readStackDocument,
  stackFolders,
  status,
  temporalUiUrl,
  terminalSteps,
  type UnitStatus,
  up,
} from '@tributary/devstack';
import { type Command, InvalidArgumentError } from 'commander';
import color from 'picocolors';
import { exitCodes } from '../failure.js';
import { formatBytes } from '../render/quantities.js';
import { table } from '../render/tables.js';
import { type Finish, type JsonOption, positiveInteger, print, printJson } from './options.js';
import { stackIsWell } from './stack-health.js';

/** up, down, status, doctor. */
export function addStackCommands(program: Command, finish: Finish): void {
  program
    .command('up')
    .description('start the stack of this machine; what runs already stays')
    .option('--workers <n>', 'worker processes, or auto: one a GPU', workerCount, 'auto')
    .option('--json', 'print JSON')
    .action(async (options: JsonOption & { workers: number | 'auto' }) => {
      const folders = stackFolders();
      const live = process.stdout.isTTY && options.json !== true;
      const stack = await up({
        folders,
        workers: options.workers,
        report: options.json ? (line) => process.stderr.write(`${line}\n`) : print,
        ...(live ? { runSteps: terminalSteps } : {}),
      });
      const addresses = {
        api: apiUrl(stack),
        console: consoleUrl(stack),
        temporal: temporalUiUrl(stack),
        prometheus: prometheusUrl(stack),
      };
      if (options.json) return printJson(addresses);
      print(
        `\nThe stack is up.\n  Console     ${await consoleLink(stack)}\n  API         ${addresses.api}\n  Temporal    ${addresses.temporal}\n  Prometheus  ${addresses.prometheus}`,
      );
      print('\nTrain something with: npx tributary launch examples/words.yaml --watch');
    });

  program
    .command('down')
    .description('stop the stack of this machine; data stays')
    .option('--purge', 'also remove its data: runs, checkpoints, logs, secrets')
    .option('--json', 'print JSON')
    .action(async (options: JsonOption & { purge?: boolean }) => {
      const folders = stackFolders();
      const report = options.json ? (line: string) => process.stderr.write(`${line}\n`) : print;
      if (options.purge) {
        await purge({ folders, report });
        if (options.json) printJson({ purged: true });
        return;
      }
      const ended = await down({ folders, report });
      if (options.json) return printJson({ ended });
      print(
        ended === 0
          ? 'The stack was not running.'
          : 'The stack is down; its data stays. Start it again with: npx tributary up',
      );
    });

  program
    .command('status')
    .description('servers, services and workers of the stack')
    .option('--disk', 'what the stack takes on disk')
    .option('--json', 'print JSON')
    .action(async (options: JsonOption & { disk?: boolean }) => {
      const folders = stackFolders();
      if (options.disk) {
        const uses = await diskUse(folders);
        if (options.json) return printJson({ disk: uses });
        if (uses.length === 0) return print('The stack takes nothing on disk.');
        const total = uses.reduce((sum, use) => sum + use.sizeBytes, 0);
        const rows = [
          ...uses.map((use) => [use.what, formatBytes(use.sizeBytes), use.folder]),
          ['together', formatBytes(total), ''],
        ];
        return print(table(['what', 'size', 'folder'], rows, [1]));
      }
      const units = await status(folders);
      const document = units.length === 0 ? undefined : await readStackDocument(folders);
      const console = document === undefined ? null : consoleUrl({ document });
      if (options.json) printJson({ units, console });
      else if (units.length === 0) print('The Tributary stack is not running; start it with: npx tributary up');
      else print(table(['name', 'health', 'address', 'pid', 'log'], units.map(unitRow), [3]));
      if (console !== null && !options.json)
        print(`\nConsole  ${console}  (npx tributary up prints a link that signs you in)`);
      finish(stackIsWell(units) ? exitCodes.done : exitCodes.failed);
    });

  program
    .command('doctor')
    .description('check what Tributary needs on this machine, and say how to mend it')
    .option('--json', 'print JSON')
    .action(async (options: JsonOption) => {
      const checks = await doctor(stackFolders());
      if (options.json) printJson({ checks });
      else
        for (const check of checks) {
          print(`${check.ok ? color.green('ok  ') : color.red('MEND')} ${check.name}: ${check.detail}`);
          if (check.remedy !== undefined) print(`       ${check.remedy}`);
        }
      finish(checks.every((check) => check.ok) ? exitCodes.done : exitCodes.failed);
    });
}

function unitRow(unit: UnitStatus): string[] {
  const health = unit.detail === undefined ? unit.health : `${unit.health}: ${unit.detail}`;
  return [unit.name, health, unit.address, unit.pid === undefined ? '' : String(unit.pid), unit.logFile];
}

function workerCount(text: string): number | 'auto' {
  if (text === 'auto') return 'auto';
  if (text === '0') return 0;
  const count = positiveInteger(text);
  if (count > 1024) throw new InvalidArgumentError('It must be at most 1024.');
  return count;
}

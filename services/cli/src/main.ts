import { Command, CommanderError } from 'commander';
import { addBenchCommand } from './commands/bench-command.js';
import { addCheckpointCommands } from './commands/checkpoint-commands.js';
import { addDataCommands } from './commands/data-commands.js';
import { addLogsCommand } from './commands/logs-command.js';
import { addRunCommands } from './commands/run-commands.js';
import { addServeCommand } from './commands/serve-command.js';
import { addStackCommands } from './commands/stack-commands.js';
import { addSteerCommands } from './commands/steer-commands.js';
import { addVerifyCommand } from './commands/verify-commands.js';
import { addWorkerCommands } from './commands/worker-commands.js';
import { exitCodes, reportFailure } from './failure.js';

/** Runs the tool. @returns the exit code: 0 done, 1 failed, 2 usage */
export async function main(args: readonly string[]): Promise<number> {
  let exitCode: number = exitCodes.done;
  const finish = (code: number): void => {
    exitCode = code;
  };
  // A reader that closes early (`tributary runs list | head`) is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(exitCode);
    throw error;
  });
  const program = new Command('tributary')
    .description('Train multi-task sequence generators across workers')
    .version('0.1.0')
    .showSuggestionAfterError()
    .showHelpAfterError('(see: npx tributary help)')
    .exitOverride();
  addRunCommands(program, finish);
  addSteerCommands(program, finish);
  addCheckpointCommands(program, finish);
  addVerifyCommand(program, finish);
  addWorkerCommands(program, finish);
  addStackCommands(program, finish);
  addLogsCommand(program);
  addBenchCommand(program, finish);
  addDataCommands(program);
  addServeCommand(program, finish);
  for (const command of program.commands) inherit(command);
  try {
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    return reportFailure(error, args.includes('--json'));
  }
}

/** Commander copies these settings only to commands made after them. */
function inherit(command: Command): void {
  command.exitOverride().showSuggestionAfterError().showHelpAfterError('(see: npx tributary help)');
  for (const sub of command.commands) inherit(sub);
}

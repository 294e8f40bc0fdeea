import { logFiles, stackFolders } from '@tributary/devstack';
import { TributaryError } from '@tributary/protocol';
import type { Command } from 'commander';
import { followFiles, lastLogLines } from '../log-lines.js';
import { logLine } from '../render/log-line.js';
import { type JsonOption, positiveInteger, print } from './options.js';

/** logs of a server, a service or a worker; of a run: every line of every log that names it. */
export function addLogsCommand(program: Command): void {
  program
    .command('logs')
    .description('log of a run, a worker or a server')
    .argument('<what>', 'a run, a worker, or one of the names that `tributary status` shows')
    .option('-f, --follow', 'go on with what comes')
    .option('-n, --lines <n>', 'how many of the last lines', positiveInteger, 200)
    .option('--json', 'print the lines as they are')
    .action(async (what: string, options: JsonOption & { follow?: boolean; lines: number }) => {
      const files = await logFiles(stackFolders());
      if (files.size === 0)
        throw new TributaryError(
          'STACK_DOWN',
          'There are no logs; the Tributary stack has not run here. Start it with: npx tributary up',
        );
      const own = files.get(what);
      const sources = own === undefined ? [...files] : [[what, own] as const];
      const wanted = own === undefined ? (line: string) => line.includes(what) : () => true;
      const show = (source: string, line: string): void =>
        print(options.json ? line : logLine(line, own === undefined ? source : null));
      const found = await lastLogLines(sources, wanted, options.lines);
      if (own === undefined && found.lines.length === 0 && !options.follow)
        throw new TributaryError(
          'RUN_NOT_FOUND',
          `No log names "${what}"; logs there are: ${[...files.keys()].sort().join(', ')}; runs: npx tributary runs list`,
        );
      for (const { source, line } of found.lines) show(source, line);
      if (options.follow) await followFiles(sources, found.offsets, wanted, show);
    });
}

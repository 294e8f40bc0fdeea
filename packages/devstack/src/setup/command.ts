import { execa, type Options } from 'execa';

/** One line of progress for the user. */
export type Report = (line: string) => void;

export interface CommandResult {
  readonly ok: boolean;
  readonly exitCode: number | undefined;
  /** stdout and stderr together, as the command wrote them. */
  readonly output: string;
}

/** Runs a command to its end and never throws: the output says what went wrong, and the caller what that means. */
export async function runCommand(file: string, args: readonly string[], options: Options = {}): Promise<CommandResult> {
  const result = await execa(file, args, { ...options, all: true, reject: false, stdin: 'ignore' });
  const output = typeof result.all === 'string' ? result.all : '';
  return {
    ok: !result.failed,
    exitCode: result.exitCode,
    output: output !== '' ? output : (result.shortMessage ?? ''),
  };
}

/** The last lines of a command's output that say something, for an error message. */
export function lastLines(output: string, count = 4): string {
  const lines = output.split(/\r?\n/).map((line) => line.trimEnd());
  return lines
    .filter((line) => line !== '')
    .slice(-count)
    .join('\n');
}

/** Whole seconds since `startedAtMs`, as a user reads them. */
export function secondsSince(startedAtMs: number): string {
  return `${Math.round((Date.now() - startedAtMs) / 1000)} s`;
}

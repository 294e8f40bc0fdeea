import { execa, type Options } from 'execa';

/** One line of progress for the user. */
export type Report = (line: string) => void;

export interface CommandResult {
  readonly ok: boolean;
  readonly exitCode: number | undefined;
  /** stdout and stderr together, as the command wrote them. */
  readonly output: string;
}

/**
 * Runs a command to its end and never throws: the output says what went wrong, and the caller what that means.
 * @param onLine gets each line of the output as it comes
 */
export async function runCommand(
  file: string,
  args: readonly string[],
  options: Options = {},
  onLine?: (line: string) => void,
): Promise<CommandResult> {
  const running = execa(file, args, { ...options, all: true, reject: false, stdin: 'ignore' });
  if (onLine !== undefined) await passLines(running, onLine);
  const result = await running;
  const output = typeof result.all === 'string' ? result.all : '';
  return {
    ok: !result.failed,
    exitCode: result.exitCode,
    output: output !== '' ? output : (result.shortMessage ?? ''),
  };
}

interface Lines {
  iterable(options: { readonly from: 'all' }): AsyncIterable<unknown>;
}

/** The output may end with an error, which the result then tells. */
async function passLines(running: Lines, onLine: (line: string) => void): Promise<void> {
  try {
    for await (const line of running.iterable({ from: 'all' })) onLine(String(line));
  } catch {}
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

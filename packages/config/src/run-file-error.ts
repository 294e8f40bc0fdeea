import { TributaryError } from '@tributary/protocol';

/** One thing wrong in a run file. */
export interface RunFileProblem {
  /** Line in the file, from 1; null where the run file did not come as text. */
  readonly line: number | null;
  /** e.g. `tasks[0].data.kind`; empty for the file as a whole. */
  readonly path: string;
  /** What is wrong, and where it is not plain, what to do. */
  readonly message: string;
}

/** A run file that cannot be used; the message has one line for each problem. */
export class RunFileError extends TributaryError {
  readonly problems: readonly RunFileProblem[];

  constructor(name: string, problems: readonly RunFileProblem[], options?: { readonly cause?: unknown }) {
    super('SPEC_INVALID', problems.map((problem) => formatProblem(name, problem)).join('\n'), options);
    this.name = 'RunFileError';
    this.problems = problems;
  }
}

function formatProblem(name: string, { line, path, message }: RunFileProblem): string {
  return `${name}${line === null ? '' : `:${line}`}: ${path === '' ? '' : `${path}: `}${message}`;
}

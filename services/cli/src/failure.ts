import { type ErrorCode, TributaryError, toErrorDocument } from '@tributary/protocol';
import { TextFault } from './text-fault.js';

/** Mistakes in what the user gave, as against things that failed. */
const usageCodes: readonly ErrorCode[] = [
  'SPEC_INVALID',
  'DATA_INVALID',
  'FILTER_INVALID',
  'TASK_NOT_FOUND',
  'METRIC_NOT_FOUND',
  'TOO_LARGE',
];

export const exitCodes = { done: 0, failed: 1, usage: 2 } as const;

/** Says on stderr what went wrong, in a sentence; with `--json` its document on stdout too. @returns the exit code */
export function reportFailure(error: unknown, json: boolean): number {
  const document = toErrorDocument(error);
  if (json) process.stdout.write(`${JSON.stringify(document)}\n`);
  if (error instanceof TributaryError) {
    process.stderr.write(`${error.message}\n`);
    if (error instanceof TextFault) process.stderr.write(`${error.excerpt}\n`);
    return usageCodes.includes(error.code) ? exitCodes.usage : exitCodes.failed;
  }
  const debug = process.env.TRIBUTARY_DEBUG === '1';
  const text =
    debug && error instanceof Error
      ? error.stack
      : `${document.message} (a fault of Tributary; TRIBUTARY_DEBUG=1 shows where)`;
  process.stderr.write(`${text}\n`);
  return exitCodes.failed;
}

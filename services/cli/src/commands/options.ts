import { InvalidArgumentError } from 'commander';

/** What every command knows. */
export interface JsonOption {
  readonly json?: boolean;
}

/** Commands hand their exit code to the program. */
export type Finish = (exitCode: number) => void;

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** One document for programs. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, process.stdout.isTTY ? 2 : undefined));
}

export function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1 || !/^\d+$/.test(text))
    throw new InvalidArgumentError('It must be a whole number of at least 1.');
  return value;
}

export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || !/^\d+$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return value;
}

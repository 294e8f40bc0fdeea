import { TributaryError } from '@tributary/protocol';

/** Runs a service's main and ends the process: a known failure is one sentence, any other has its stack. */
export function runMain(main: () => Promise<void>): void {
  main().then(
    () => process.exit(0),
    (error: unknown) => {
      const text =
        error instanceof TributaryError ? error.message : error instanceof Error ? error.stack : String(error);
      process.stderr.write(`${text}\n`, () => process.exit(1));
    },
  );
}

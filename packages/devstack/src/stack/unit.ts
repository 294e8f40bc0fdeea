import type { Launch } from '../processes/detached-process.js';
import type { Report } from '../setup/command.js';
import type { StackDocument } from './stack-document.js';
import type { StackFolders } from './stack-folders.js';

/** A server or service of the stack: how it is started, asked and stopped. */
export interface Unit {
  readonly name: string;
  /** Where users and clients reach it, e.g. `http://127.0.0.1:20001`. */
  readonly address: string;
  /** Prepares its files and says what to run. */
  launch(report: Report): Promise<Launch>;
  /** Asks the process itself. @returns undefined when it serves, else what is wrong. */
  check(): Promise<string | undefined>;
  readonly startTimeoutMs: number;
  readonly stopSignal: NodeJS.Signals;
  /** How long a clean end may take before it is killed. */
  readonly stopGraceMs: number;
}

/** What every unit is made from. */
export interface UnitContext {
  readonly folders: StackFolders;
  readonly document: StackDocument;
  readonly env: NodeJS.ProcessEnv;
}

/** Turns a failed question to a server into a reason. */
export async function reasonOf(question: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await question();
    return undefined;
  } catch (error) {
    if (error instanceof AggregateError) return error.errors.map(String).join('; ');
    return error instanceof Error ? (error.message === '' ? error.name : error.message) : String(error);
  }
}

/** @throws Error when the answer is not 2xx or takes over 3 s. */
export async function httpAnswers(url: string): Promise<void> {
  let response: Response;
  try {
    response = await fetch(url, { signal: AbortSignal.timeout(3_000) });
  } catch (error) {
    const cause: unknown = error instanceof Error ? error.cause : undefined;
    throw new Error(
      `${url} does not answer (${cause instanceof Error && cause.message !== '' ? cause.message : String(error)})`,
      { cause: error },
    );
  }
  const body = await response.text();
  if (!response.ok) throw new Error(`${url} answers ${response.status}: ${body.slice(0, 200)}`);
}

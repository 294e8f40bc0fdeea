import { randomBytes } from 'node:crypto';
import { type AttemptReplyDocument, type RunId, TributaryError } from '@tributary/protocol';
import { endAttempt } from '@tributary/run-store';
import type { ApiDeps } from './api-deps.js';
import { startTrainingRun } from './run-workflows.js';

/** Starts the workflow of a recorded attempt. @throws TributaryError `SERVER_FAILED`; the run has failed then */
export async function startOrFail(
  start: { readonly run: RunId; readonly attempt: number; readonly taskQueue: string },
  { db, temporal }: Pick<ApiDeps, 'db' | 'temporal'>,
): Promise<AttemptReplyDocument> {
  const { run, attempt } = start;
  try {
    await startTrainingRun(temporal, start);
  } catch (cause) {
    const reason = 'its workflow could not be started: Temporal does not answer';
    await endAttempt(db, run, attempt, { state: 'failed', reason });
    throw new TributaryError(
      'SERVER_FAILED',
      `Run ${run} failed: ${reason}; once it does (npx tributary status): npx tributary resume ${run}`,
      { cause },
    );
  }
  return { run, attempt, state: 'queued' };
}

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';

/** 40 random bits keep ids of one experiment apart. */
export function newRunId(experiment: string): RunId {
  return `${experiment}-${Array.from(randomBytes(8), (byte) => alphabet[byte & 31]).join('')}` as RunId;
}

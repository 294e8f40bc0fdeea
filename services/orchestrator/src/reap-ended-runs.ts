import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import {
  activeRuns,
  attemptsOf,
  type Db,
  endAttempt,
  type RunRow,
  releaseLeasesOfEndedRuns,
} from '@tributary/run-store';
import type { Logger } from '@tributary/telemetry';
import type { GenerationDocuments } from './generation-documents.js';
import { recordStanding } from './record-standing.js';
import type { RunEvents } from './run-events.js';

export interface ReaperParts {
  readonly db: Db;
  readonly client: Client;
  readonly generations: GenerationDocuments;
  readonly events: RunEvents;
  readonly log: Logger;
  /** An attempt younger than this may not have its workflow yet. */
  readonly startGraceMs: number;
}

/**
 * Ends what no workflow ends any more: runs whose workflow was terminated, and leases that an ended run still holds.
 * Everything here may be repeated, and by several orchestrators at once.
 */
export async function reapEndedRuns(parts: ReaperParts): Promise<void> {
  const { db, log } = parts;
  for (const row of await activeRuns(db, { limit: 1_000 })) {
    const reason = await abandonedBecause(parts, row);
    if (reason !== null) await endAbandoned(parts, row, reason);
  }
  for (const run of await releaseLeasesOfEndedRuns(db)) {
    log.warn({ run }, 'gave back the slots of a run that had ended');
  }
}

async function abandonedBecause(
  { db, client, startGraceMs }: ReaperParts,
  { run, attempt }: RunRow,
): Promise<string | null> {
  const current = (await attemptsOf(db, run)).find((one) => one.attempt === attempt);
  if (current === undefined || Date.now() - current.startedAt.getTime() < startGraceMs) return null;
  try {
    const { status } = await client.workflow.getHandle(run).describe();
    if (status.name === 'RUNNING' || status.name === 'CONTINUED_AS_NEW' || status.name === 'PAUSED') return null;
    return `its workflow ended without it (${status.name.toLowerCase()}); \`tributary resume ${run}\` goes on from its newest checkpoint`;
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    return `its workflow is not known to Temporal; \`tributary resume ${run}\` goes on from its newest checkpoint`;
  }
}

async function endAbandoned(parts: ReaperParts, { run, attempt, step }: RunRow, reason: string): Promise<void> {
  const { db, generations, events, log } = parts;
  await generations.close(run, attempt);
  await recordStanding(db, generations, { run, attempt });
  if (!(await endAttempt(db, run, attempt, { state: 'failed', reason }))) return;
  await events.state({ run, attempt, state: 'failed', reason, step }, 'reaped');
  log.warn({ run, attempt, reason }, 'ended an abandoned run');
}

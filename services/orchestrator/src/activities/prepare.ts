import { createHash } from 'node:crypto';
import { prepareRun } from '@tributary/datasets';
import { preparedKey } from '@tributary/protocol';
import { requireRun, setPrepared } from '@tributary/run-store';
import type { TrainingActivities } from '@tributary/workflows';
import type { OrchestratorParts } from '../orchestrator-parts.js';
import { requireAttempt } from './require-attempt.js';

/** Checks a run's data and stores what workers need, once: the same run file and data give the same key. */
export function prepare({ db, objects, metrics }: OrchestratorParts): TrainingActivities['prepare'] {
  return async ({ run, attempt }) => {
    const row = await requireRun(db, run);
    requireAttempt(row, { run, attempt });
    const { spec, files } = row;
    metrics.attemptStarted(row);
    const prepared = await prepareRun({ run, spec, files }, { objects });
    const bytes = Buffer.from(JSON.stringify(prepared));
    const key = preparedKey(createHash('sha256').update(bytes).digest('hex'));
    if (!(await objects.has(key))) await objects.put(key, bytes);
    await setPrepared(db, run, { preparedKey: key, targetSteps: spec.budget.steps });
    return { preparedKey: key };
  };
}

import { placeLanes } from '@tributary/planner';
import { type GenerationDocument, TributaryError } from '@tributary/protocol';
import { type Db, generationsOf, recordGeneration, requireRun, setRunState } from '@tributary/run-store';
import type { OpenedGeneration, OpenGenerationInput } from '@tributary/workflows';
import { costedLanes } from '../costed-lanes.js';
import type { OrchestratorParts } from '../orchestrator-parts.js';
import { recordRecovery } from '../record-recovery.js';
import { findResumePoint } from '../resume-point.js';
import { requireAttempt } from './require-attempt.js';

/**
 * Opens the generation that a decision asks for. Its document in KV is the one truth: a retry that finds the decision there
 * only writes what should follow from it.
 */
export function openGeneration(parts: OrchestratorParts) {
  const { db, generations, roster, log } = parts;
  return async (input: OpenGenerationInput, signal: AbortSignal): Promise<OpenedGeneration> => {
    const { run, attempt, decisionId } = input;
    const row = await requireRun(db, run);
    requireAttempt(row, input);
    const standing = (await generations.read(run))?.document ?? null;
    if (standing?.decisionId === decisionId) return await follow(parts, input, standing);

    if (input.previous !== null) await recordRecovery(parts, input, input.previous, input.reason);
    const answering = await roster.rollCall(input.workers, signal);
    if (answering.length === 0)
      return { kind: 'no-workers', reason: `none of the leased workers answers: ${input.workers.join(', ')}` };
    const { resume, damaged } = await findResumePoint(db, parts.objects, run);
    for (const { key, reason } of damaged) {
      log.warn({ run, key, reason }, 'passed over a damaged checkpoint');
      await parts.events.notice(run, `Going back to step ${resume.step}: ${reason}`, `${decisionId}.${key}`);
    }
    const { recorded, spentMs } = await earlierGenerations(db, input);
    const { lanes, costs } = await costedLanes(row.spec, input.preparedKey, parts.objects);
    const members = placeLanes(lanes, answering, costs);
    const document = await generations.change(run, (current) => {
      if (current?.decisionId === decisionId) return null;
      requireNewest(current, input);
      return {
        run,
        attempt,
        generation: Math.max(current?.generation ?? 0, recorded) + 1,
        decisionId,
        state: 'open',
        preparedKey: input.preparedKey,
        members,
        resume,
        spentMs,
        stop: null,
      };
    });
    if (document === null) throw new Error(`the generation document of ${run} vanished`);
    return await follow(parts, input, document);
  };
}

/** The newest generation of the run, and the time that those of this attempt have taken. */
async function earlierGenerations(
  db: Db,
  { run, attempt }: OpenGenerationInput,
): Promise<{ recorded: number; spentMs: number }> {
  const rows = await generationsOf(db, run);
  const spentMs = rows
    .filter((row) => row.attempt === attempt)
    .reduce((sum, { openedAt, endedAt }) => sum + (endedAt === null ? 0 : endedAt.getTime() - openedAt.getTime()), 0);
  return { recorded: rows.at(-1)?.generation ?? 0, spentMs };
}

function requireNewest(current: GenerationDocument | null, { run, attempt }: OpenGenerationInput): void {
  if (current !== null && current.attempt > attempt)
    throw new TributaryError(
      'GENERATION_SUPERSEDED',
      `Attempt ${attempt} of ${run} may open no generation: attempt ${current.attempt} has one already.`,
    );
}

async function follow(
  { db, events, metrics, log }: OrchestratorParts,
  { run, attempt, previous, reason }: OpenGenerationInput,
  { generation, members, resume }: GenerationDocument,
): Promise<OpenedGeneration> {
  const workers = members.map((member) => member.worker);
  await recordGeneration(db, { run, attempt, generation, members, resumeStep: resume.step, reason });
  if (!(await setRunState(db, run, { state: 'running', reason })))
    throw new TributaryError('RUN_STATE_CONFLICT', `Run ${run} has ended meanwhile and opens no generation.`);
  await events.state({ run, attempt, state: 'running', reason, step: resume.step }, `generation.${generation}`);
  metrics.generationOpened(run, previous?.outcome ?? null);
  log.info({ run, attempt, generation, workers, resumeStep: resume.step, reason }, 'opened a generation');
  return { kind: 'opened', generation, resumeStep: resume.step, workers };
}

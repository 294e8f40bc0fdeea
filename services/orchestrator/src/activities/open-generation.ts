import { placeLanes } from '@tributary/planner';
import { type GenerationDocument, TributaryError } from '@tributary/protocol';
import { generationsOf, requireRun } from '@tributary/run-store';
import type { OpenedGeneration, OpenGenerationInput } from '@tributary/workflows';
import { costedLanes } from '../costed-lanes.js';
import type { OrchestratorParts } from '../orchestrator-parts.js';
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
    if (standing?.decisionId === decisionId) return follow(parts, input, standing);

    const answering = await roster.rollCall(input.workers, signal);
    if (answering.length === 0)
      return { kind: 'no-workers', reason: `none of the leased workers answers: ${input.workers.join(', ')}` };
    const { resume, damaged } = await findResumePoint(db, parts.objects, run);
    for (const { key, reason } of damaged) {
      log.warn({ run, key, reason }, 'passed over a damaged checkpoint');
      await parts.events.notice(run, `Going back to step ${resume.step}: ${reason}`, `${decisionId}.${key}`);
    }
    const recorded = (await generationsOf(db, run)).at(-1)?.generation ?? 0;
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
        spentMs: input.spentMs,
        openedAtMs: Date.now(),
        stop: null,
      };
    });
    if (document === null) throw new Error(`the generation document of ${run} vanished`);
    return follow(parts, input, document);
  };
}

function requireNewest(current: GenerationDocument | null, { run, attempt }: OpenGenerationInput): void {
  if (current !== null && current.attempt > attempt)
    throw new TributaryError(
      'GENERATION_SUPERSEDED',
      `Attempt ${attempt} of ${run} may open no generation: attempt ${current.attempt} has one already.`,
    );
}

function follow(
  { log }: OrchestratorParts,
  { run, attempt, reason }: OpenGenerationInput,
  { generation, members, resume, openedAtMs = Date.now() }: GenerationDocument,
): OpenedGeneration {
  const workers = members.map((member) => member.worker);
  log.info({ run, attempt, generation, workers, resumeStep: resume.step, reason }, 'opened a generation');
  return { kind: 'opened', generation, resumeStep: resume.step, workers, members, openedAtMs };
}

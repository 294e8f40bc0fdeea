import { chooseSnapshot, placeLanes, withBuddies } from '@tributary/planner';
import { type GenerationDocument, type GenerationStart, TributaryError, type WorkerId } from '@tributary/protocol';
import { generationsOf, listCheckpoints, requireRun } from '@tributary/run-store';
import type { OpenedGeneration, OpenGenerationInput } from '@tributary/workflows';
import { mergeStarts, newestStarts, oldestKnown } from '../generation-starts.js';
import type { OrchestratorParts } from '../orchestrator-parts.js';
import { findResumePoint, type ResumeSources } from '../resume-point.js';
import { whilePostgresAnswers } from '../while-postgres-answers.js';
import { requireAttempt } from './require-attempt.js';

/**
 * Opens the generation that a decision asks for. Its document in KV is the one truth: a retry that finds the decision there says
 * what stands there. Where Postgres does not answer, the document and what agents hold are enough.
 */
export function openGeneration(parts: OrchestratorParts) {
  const { generations, roster, log } = parts;
  return async (input: OpenGenerationInput, signal: AbortSignal): Promise<OpenedGeneration> => {
    const { run, attempt, decisionId } = input;
    const standing = (await generations.read(run))?.document ?? null;
    if (standing?.decisionId === decisionId) return follow(parts, input, standing);
    requireNewest(standing, input);

    const outcome = input.previous?.outcome;
    const silent = outcome?.kind === 'worker-lost' ? outcome.unreachable : [];
    const answering = await roster.rollCall(input.workers, signal, silent);
    if (answering.length === 0)
      return { kind: 'no-workers', reason: `none of the leased workers answers: ${input.workers.join(', ')}` };
    const { lanes, costs, parts: partNames } = await parts.prepared.read(input.preparedKey);
    const { starts, sources, doneBefore } = await resumeSources(parts, input, standing, partNames);
    const { resume, damaged } = await findResumePoint(parts.objects, run, sources);
    for (const { key, reason } of damaged) {
      log.warn({ run, key, reason }, 'passed over a damaged checkpoint');
      await parts.events.notice(run, `Going back to step ${resume.step}: ${reason}`, `${decisionId}.${key}`);
    }
    const members = withBuddies(placeLanes(lanes, answering.slice(0, input.wanted ?? undefined), costs), (worker) =>
      roster.hostOf(worker),
    );
    const document = await generations.change(run, (current) => {
      if (current?.decisionId === decisionId) return null;
      requireNewest(current, input);
      const known = mergeStarts(starts, current?.starts ?? []);
      const generation = Math.max(current?.generation ?? 0, known.at(-1)?.generation ?? 0) + 1;
      return {
        run,
        attempt,
        generation,
        decisionId,
        state: 'open',
        preparedKey: input.preparedKey,
        members,
        resume,
        spentMs: input.spentMs,
        openedAtMs: Date.now(),
        starts: newestStarts([...known, { generation, resumeStep: resume.step }]),
        doneBefore,
        stop: null,
      };
    });
    if (document === null) throw new Error(`the generation document of ${run} vanished`);
    return follow(parts, input, document);
  };
}

/**
 * What there is to go on from: snapshots of this attempt that living agents hold, and committed checkpoints.
 * @throws TributaryError `SERVER_FAILED` where Postgres does not answer and there is no whole snapshot; `DIVERGED` where two agents
 * hold different states of the same step
 */
async function resumeSources(
  { db, roster, inventories }: OrchestratorParts,
  input: OpenGenerationInput,
  standing: GenerationDocument | null,
  partNames: readonly string[],
): Promise<{ starts: readonly GenerationStart[]; sources: ResumeSources; doneBefore: number }> {
  const { run, attempt } = input;
  const going = standing?.attempt === attempt && standing.state === 'open';
  const [stored, held] = await Promise.all([
    whilePostgresAnswers(async () => {
      requireAttempt(await requireRun(db, run), input);
      const [checkpoints, rows] = await Promise.all([listCheckpoints(db, run), generationsOf(db, run)]);
      return { checkpoints: checkpoints.map(({ step }) => step), rows };
    }),
    going ? inventories(run, living(roster)) : [],
  ]);
  const starts = mergeStarts(standing?.starts ?? [], stored?.rows ?? []);
  const oldest = oldestKnown(starts);
  const usable = held.map(({ worker, parts }) => ({
    worker,
    parts: parts.filter(({ generation }) => generation >= oldest),
  }));
  const snapshot = chooseSnapshot(usable, partNames, starts);
  if (stored === null && snapshot === null)
    throw new TributaryError(
      'SERVER_FAILED',
      `Postgres does not answer, and no snapshot of ${run} is whole: a checkpoint to go on from must be looked up there. Trying on.`,
    );
  const doneBefore = Math.max(
    standing?.doneBefore ?? 0,
    input.previous?.outcome.step ?? 0,
    ...(stored?.rows ?? []).map(({ time }) => time?.reachedStep ?? 0),
  );
  return { starts, sources: { snapshot, checkpoints: stored?.checkpoints ?? [] }, doneBefore };
}

function living(roster: OrchestratorParts['roster']): WorkerId[] {
  return roster.living().map(({ worker }) => worker);
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
  const from = resume.snapshot ? `snapshot of generation ${resume.snapshot.generation}` : resume.checkpointKey;
  log.info({ run, attempt, generation, workers, resumeStep: resume.step, from, reason }, 'opened a generation');
  return { kind: 'opened', generation, resumeStep: resume.step, workers, members, openedAtMs };
}

import type { GenerationOutcome } from '@tributary/protocol';
import { generationTimeOf } from '@tributary/run-store';
import type { SuperviseGenerationInput } from '@tributary/workflows';
import type { OrchestratorParts } from '../orchestrator-parts.js';
import { runTerms, wantedWorkers } from '../run-terms.js';
import { superseded, watchGeneration } from '../watch-generation.js';
import { whilePostgresAnswers } from '../while-postgres-answers.js';

/**
 * Watches a generation's beacons and endings until it has ended, and needs only NATS for it. It keeps nothing: a retry begins
 * from the document and the endings in KV, and hears the next beacons.
 */
export function superviseGeneration(parts: OrchestratorParts) {
  return async (input: SuperviseGenerationInput, signal: AbortSignal): Promise<GenerationOutcome> => {
    const { run, attempt, generation, preparedKey } = input;
    const document = (await parts.generations.read(run))?.document;
    if (document === undefined || document.attempt !== attempt || document.generation !== generation)
      return superseded(generation, document);
    const terms = await runTerms(parts.objects, preparedKey);
    const graceMs = terms?.graceMs ?? parts.supervisionLimits.graceMs;
    const limits = { ...parts.supervisionLimits, graceMs };
    const wanted = terms === null ? null : wantedWorkers(terms, input.wanted);
    const { clocks, db, log, metrics } = parts;
    await clocks.take(document, () => whilePostgresAnswers(() => generationTimeOf(db, run, generation)));
    const ended = await watchGeneration(parts, document, { limits, wanted }, signal);
    const stopped = clocks.stop(document, Date.now());
    const outcome = stopped === null ? ended : { ...ended, time: stopped.time };
    metrics.generationEnded(run, outcome, stopped?.lastStepMs ?? null);
    log.info({ run, attempt, generation, outcome }, 'a generation ended');
    return outcome;
  };
}

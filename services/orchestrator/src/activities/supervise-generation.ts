import type { KvWatchEntry } from '@nats-io/kv';
import { beginSupervision, type SupervisionEvent, supervise } from '@tributary/planner';
import type { GenerationDocument, GenerationOutcome, MemberEndingDocument } from '@tributary/protocol';
import type { GenerationRef } from '@tributary/workflows';
import type { OrchestratorParts } from '../orchestrator-parts.js';

const tickMs = 500;

/**
 * Watches a generation's beacons and endings until it has ended. It keeps nothing: a retry begins from the document and the
 * endings in KV, and hears the next beacons.
 */
export function superviseGeneration(parts: OrchestratorParts) {
  return async (input: GenerationRef, signal: AbortSignal): Promise<GenerationOutcome> => {
    const { run, attempt, generation } = input;
    const document = (await parts.generations.read(run))?.document;
    if (document === undefined || document.attempt !== attempt || document.generation !== generation)
      return superseded(input, document);
    const outcome = await watch(parts, document, signal);
    parts.metrics.generationEnded(run, outcome);
    parts.log.info({ run, attempt, generation, outcome }, 'a generation ended');
    return outcome;
  };
}

function superseded({ generation }: GenerationRef, by: GenerationDocument | undefined): GenerationOutcome {
  const instead =
    by === undefined ? 'no document' : `generation ${by.generation} of attempt ${by.attempt}, ${by.state}`;
  return {
    kind: 'failed',
    step: by?.resume.step ?? 0,
    code: 'GENERATION_SUPERSEDED',
    reason: `generation ${generation} was replaced by ${instead}`,
  };
}

async function watch(
  { roster, endings, generations, metrics, supervisionLimits }: OrchestratorParts,
  document: GenerationDocument,
  signal: AbortSignal,
): Promise<GenerationOutcome> {
  const { run, generation } = document;
  const endingsWatch = await endings.watch({ key: `${run}.${generation}.*` });
  const documentWatch = await generations.watch(run);
  let stopListening = (): void => {};
  let ticks: NodeJS.Timeout | undefined;
  try {
    return await new Promise<GenerationOutcome>((resolve, reject) => {
      let state = beginSupervision(document, Date.now());
      const take = (event: SupervisionEvent): void => {
        const next = supervise(state, event, supervisionLimits);
        if (state.step === document.resume.step && next.state.step > state.step) metrics.firstStep(run);
        state = next.state;
        if (next.outcome !== null) resolve(next.outcome);
      };
      const follow = async (
        entries: AsyncIterable<KvWatchEntry>,
        see: (entry: KvWatchEntry) => void,
      ): Promise<void> => {
        for await (const entry of entries) if (entry.operation === 'PUT') see(entry);
        reject(new Error(`a watch of ${run} in NATS ended by itself`));
      };
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      if (signal.aborted) reject(signal.reason);
      stopListening = roster.listen((beacon, atMs) => take({ kind: 'beacon', beacon, atMs }));
      ticks = setInterval(() => {
        if (roster.connected) take({ kind: 'tick', atMs: Date.now() });
      }, tickMs);
      follow(endingsWatch, (entry) => take({ kind: 'ending', document: entry.json<MemberEndingDocument>() })).catch(
        reject,
      );
      follow(documentWatch, (entry) => {
        const now = entry.json<GenerationDocument>();
        if (now.generation !== generation || now.state === 'closed')
          resolve(superseded({ run, attempt: document.attempt, generation }, now));
        else if (now.stop !== null) take({ kind: 'stop', atMs: Date.now() });
      }).catch(reject);
    });
  } finally {
    stopListening();
    clearInterval(ticks);
    endingsWatch.stop();
    documentWatch.stop();
  }
}

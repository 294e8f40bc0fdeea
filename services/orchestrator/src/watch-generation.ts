import type { KvWatchEntry } from '@nats-io/kv';
import { beginSupervision, type SupervisionEvent, type SupervisionLimits, supervise } from '@tributary/planner';
import type { GenerationDocument, GenerationOutcome, MemberEndingDocument } from '@tributary/protocol';
import { moveOffered } from './offers.js';
import type { OrchestratorParts } from './orchestrator-parts.js';

const tickMs = 500;
const offersMs = 2_000;

export interface WatchOptions {
  readonly limits: SupervisionLimits;
  /** Workers that the run should have; null: whatever it has. */
  readonly wanted: number | null;
}

/**
 * Feeds a generation's beacons and endings to the planner until it says how the generation ended. Does what the planner asks
 * for meanwhile: tells notices, and asks the members for a hand-over.
 */
export async function watchGeneration(
  parts: OrchestratorParts,
  document: GenerationDocument,
  { limits, wanted }: WatchOptions,
  signal: AbortSignal,
): Promise<GenerationOutcome> {
  const { roster, endings, generations, metrics, events, log } = parts;
  const { run, attempt, generation } = document;
  const endingsWatch = await endings.watch({ key: `${run}.${generation}.*` });
  const documentWatch = await generations.watch(run);
  const ends: (() => void)[] = [() => endingsWatch.stop(), () => documentWatch.stop()];
  try {
    return await new Promise<GenerationOutcome>((resolve, reject) => {
      let state = beginSupervision(document, Date.now());
      let notices = 0;
      const beganMs = Date.now();
      const tell = (text: string): void => {
        log.warn({ run, attempt, generation }, text);
        notices += 1;
        events.notice(run, text, `${generation}.${beganMs}.${notices}`).catch(reject);
      };
      const take = (event: SupervisionEvent): void => {
        const next = supervise(state, event, limits);
        if (state.step === document.resume.step && next.state.step > state.step) metrics.firstStep(run);
        state = next.state;
        for (const text of next.told) tell(text);
        if (next.handOver !== null) generations.requestStop(run, attempt, generation, 'hand-over').catch(reject);
        if (next.outcome !== null) resolve(next.outcome);
      };
      const follow = async (
        entries: AsyncIterable<KvWatchEntry>,
        see: (entry: KvWatchEntry) => void,
      ): Promise<void> => {
        for await (const entry of entries) if (entry.operation === 'PUT') see(entry);
        reject(new Error(`a watch of ${run} in NATS ended by itself`));
      };
      const seeOffers = async (): Promise<void> => {
        if (wanted === null || state.step === document.resume.step || state.stopping || state.handOver !== null) return;
        try {
          const reason = await moveOffered(parts, document, wanted);
          if (reason !== null) take({ kind: 'offer', reason });
        } catch (error) {
          // Without Postgres nothing is offered; training needs none.
          log.debug({ err: error, run }, 'could not look for free workers');
        }
      };
      const abort = (): void => reject(signal.reason);
      signal.addEventListener('abort', abort, { once: true });
      if (signal.aborted) abort();
      const ticks = setInterval(() => {
        if (roster.connected) take({ kind: 'tick', atMs: Date.now() });
      }, tickMs);
      ends.push(
        roster.listen((beacon, atMs) => take({ kind: 'beacon', beacon, atMs })),
        oneAtATime(offersMs, seeOffers),
        () => clearInterval(ticks),
        () => signal.removeEventListener('abort', abort),
      );
      follow(endingsWatch, (entry) => take({ kind: 'ending', document: entry.json<MemberEndingDocument>() })).catch(
        reject,
      );
      follow(documentWatch, (entry) => {
        const now = entry.json<GenerationDocument>();
        if (now.generation !== generation || now.state === 'closed') resolve(superseded(generation, now));
        else if (now.stop !== null) take({ kind: 'stop', atMs: Date.now() });
      }).catch(reject);
    });
  } finally {
    for (const end of ends) end();
  }
}

/** The outcome of a generation whose place another document has taken. */
export function superseded(generation: number, by: GenerationDocument | undefined): GenerationOutcome {
  const instead =
    by === undefined ? 'no document' : `generation ${by.generation} of attempt ${by.attempt}, ${by.state}`;
  return {
    kind: 'failed',
    step: by?.resume.step ?? 0,
    code: 'GENERATION_SUPERSEDED',
    reason: `generation ${generation} was replaced by ${instead}`,
  };
}

/** Does something every so often, never twice at once; returns how to end that. */
function oneAtATime(everyMs: number, work: () => Promise<void>): () => void {
  let timer: NodeJS.Timeout;
  let ended = false;
  const again = (): void => {
    timer = setTimeout(() => {
      void work().finally(() => {
        if (!ended) again();
      });
    }, everyMs);
  };
  again();
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}

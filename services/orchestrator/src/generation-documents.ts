import { JetStreamApiError } from '@nats-io/jetstream';
import type { KV, KvWatchEntry } from '@nats-io/kv';
import { strongerStop } from '@tributary/planner';
import { type GenerationDocument, type StopRequest, TributaryError } from '@tributary/protocol';

/** JetStream's code for a compare-and-set that found another revision. */
const wrongRevision = 10071;

interface Stored {
  readonly document: GenerationDocument;
  readonly revision: number;
}

/** The document that a run's agents obey, changed by compare-and-set only. */
export class GenerationDocuments {
  readonly #kv: KV;

  constructor(kv: KV) {
    this.#kv = kv;
  }

  async read(run: string): Promise<Stored | null> {
    const entry = await this.#kv.get(run);
    if (entry === null || entry.operation !== 'PUT') return null;
    return { document: entry.json<GenerationDocument>(), revision: entry.revision };
  }

  /**
   * Changes the document by `next`, which may be called again when another writer came first; null from it leaves things as
   * they are. Returns the document that stands afterwards.
   */
  async change(
    run: string,
    next: (current: GenerationDocument | null) => GenerationDocument | null,
  ): Promise<GenerationDocument | null> {
    for (let tries = 0; tries < 20; tries++) {
      const stored = await this.read(run);
      const document = next(stored?.document ?? null);
      if (document === null) return stored?.document ?? null;
      const bytes = JSON.stringify(document);
      try {
        if (stored === null) await this.#kv.create(run, bytes);
        else await this.#kv.update(run, bytes, stored.revision);
        return document;
      } catch (error) {
        if (!(error instanceof JetStreamApiError) || error.code !== wrongRevision) throw error;
      }
    }
    throw new TributaryError(
      'SERVER_FAILED',
      `The generation document of ${run} was changed by others 20 times in a row; is a second orchestrator of another installation using this NATS namespace?`,
    );
  }

  /** Writes a stop request into an open generation, unless one stands there that goes before it. */
  async requestStop(run: string, attempt: number, generation: number, asked: StopRequest): Promise<void> {
    await this.change(run, (current) => {
      if (current?.attempt !== attempt || current.generation !== generation || current.state !== 'open') return null;
      const stop = strongerStop(current.stop, asked);
      return stop === current.stop ? null : { ...current, stop };
    });
  }

  /** Closes the document of this attempt or an earlier one: agents end their trainers and confirm it. */
  async close(run: string, attempt: number): Promise<void> {
    await this.change(run, (current) =>
      current !== null && current.attempt <= attempt && current.state === 'open'
        ? { ...current, state: 'closed' }
        : null,
    );
  }

  async watch(run: string): Promise<AsyncIterable<KvWatchEntry> & { stop(): void }> {
    return await this.#kv.watch({ key: run });
  }
}

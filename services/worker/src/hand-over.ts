import type { NatsConnection } from '@nats-io/transport-node';
import type { Beacon, GenerationDocument, NatsNames, WorkerId } from '@tributary/protocol';

/** What an agent that leaves looks at: the newest document of the run that it hosts, and who trains. */
export class HandOver {
  readonly #worker: WorkerId;
  readonly #run: string;
  #document: GenerationDocument | null;

  /** @param document the run's newest when the agent was asked to leave */
  constructor(worker: WorkerId, run: string, document: GenerationDocument | null) {
    this.#worker = worker;
    this.#run = run;
    this.#document = document;
  }

  /** Takes note of a document. @returns whether nobody needs this worker any more */
  obey(document: GenerationDocument): boolean {
    if (document.run !== this.#run) return false;
    if (document.generation >= (this.#document?.generation ?? -1)) this.#document = document;
    return this.#document?.state === 'closed';
  }

  /** Takes note of a beacon. @returns whether the lanes have moved: a generation without this worker has done a step */
  hear({ trainer }: Beacon): boolean {
    const document = this.#document;
    if (!document || !trainer || trainer.run !== this.#run) return false;
    if (document.members.some(({ worker }) => worker === this.#worker)) return false;
    return trainer.generation === document.generation && trainer.step > document.resume.step;
  }
}

/** Whom a worker that leaves hears. */
export interface HandOverSources {
  readonly connection: NatsConnection;
  readonly names: NatsNames;
  /** Each document that comes from now on. */
  readonly onDocument: (listener: (document: GenerationDocument) => void) => void;
}

/** Resolves once the lanes of a run have moved to others, or its document is closed. */
export function handedOver(handOver: HandOver, { connection, names, onDocument }: HandOverSources): Promise<void> {
  return new Promise((resolve) => {
    onDocument((document) => {
      if (handOver.obey(document)) resolve();
    });
    connection.subscribe(names.beacon('*'), {
      callback: (error, message) => {
        if (!error && handOver.hear(message.json<Beacon>())) resolve();
      },
    });
  });
}

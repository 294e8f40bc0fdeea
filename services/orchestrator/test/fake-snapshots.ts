import type { NatsConnection } from '@nats-io/transport-node';
import {
  decodeSafetensors,
  encodePart,
  fetchSnapshotPart,
  requestCopy,
  type SnapshotFolder,
} from '@tributary/checkpoints';
import type {
  GenerationDocument,
  Member,
  NatsNames,
  ObjectStore,
  PreparedRun,
  SnapshotPart,
  WorkerId,
} from '@tributary/protocol';

export interface FakeSnapshotDeps {
  readonly worker: WorkerId;
  readonly nc: NatsConnection;
  readonly names: NatsNames;
  readonly objects: ObjectStore;
  readonly folder: SnapshotFolder;
}

/**
 * Real snapshots of a state that is one number: the sum of the steps done. Parts, names, buddies and files are those of a real
 * trainer.
 */
export class FakeSnapshots {
  readonly #document: GenerationDocument;
  readonly #mine: Member;
  readonly #deps: FakeSnapshotDeps;

  constructor(document: GenerationDocument, mine: Member, deps: FakeSnapshotDeps) {
    this.#document = document;
    this.#mine = mine;
    this.#deps = deps;
  }

  /** Writes this member's parts and brings its task and lane parts to the buddy, if that lets it. Returns the shared part's hash. */
  async take(step: number, signal: AbortSignal): Promise<string> {
    const { worker, nc, names, folder } = this.#deps;
    const { run, generation } = this.#document;
    const parts: SnapshotPart[] = [];
    for (const part of await this.#partsHere()) {
      const { bytes, ...encoded } = encodePart({
        tensors: { sum: { shape: [1], data: Float64Array.of(sumOf(step)) } },
        metadata: part === 'shared' ? {} : { worker },
      });
      const described: SnapshotPart = { run, generation, step, part, ...encoded };
      await folder.write(described, bytes);
      parts.push(described);
    }
    await folder.keepNewest(run, 3);
    const { buddy } = this.#mine;
    if (buddy)
      await requestCopy({
        connection: nc,
        names,
        buddy,
        from: worker,
        parts: parts.filter(({ part }) => part !== 'shared'),
        signal,
      }).catch(() => undefined);
    return parts[0]?.stateHash ?? '';
  }

  /** Reads every part of the snapshot that the document names, here or from a holder, and checks that it is the state of its step. */
  async restore(signal: AbortSignal): Promise<void> {
    const { run, resume } = this.#document;
    const { nc: connection, names } = this.#deps;
    const { snapshot, step } = resume;
    if (!snapshot) return;
    for (const { holders, ...part } of snapshot.parts) {
      const described = { run, generation: snapshot.generation, step, ...part };
      const bytes = await fetchSnapshotPart({ connection, names, part: described, holders, signal });
      const sum = decodeSafetensors(bytes, part.part).tensors.sum?.data[0];
      if (sum !== sumOf(step)) throw new Error(`part ${part.part} of step ${step} holds ${sum}, not ${sumOf(step)}`);
    }
  }

  async #partsHere(): Promise<string[]> {
    const bytes = await this.#deps.objects.get(this.#document.preparedKey);
    const { lanes } = JSON.parse(new TextDecoder().decode(bytes)) as PreparedRun;
    const mine = lanes.filter(({ lane }) => this.#mine.lanes.includes(lane));
    const tasks = mine.filter(({ replica }) => replica === 0).map(({ task }) => `task-${task}`);
    return ['shared', ...tasks, ...mine.map(({ lane }) => `lane-${lane}`)];
  }
}

function sumOf(step: number): number {
  return (step * (step + 1)) / 2;
}

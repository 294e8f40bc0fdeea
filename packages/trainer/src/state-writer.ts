import type { GenerationDocument } from '@tributary/protocol';
import type { CheckpointWriter } from './checkpoint-writer.js';
import type { MemberPlan } from './member-plan.js';
import type { RecordOutbox } from './record-outbox.js';
import type { SnapshotWriter } from './snapshot-writer.js';
import { buffersOf } from './state-buffers.js';
import type { StateEncoder } from './state-encoder.js';
import type { EncodedFile, Metadata, PartFile, StatePart } from './state-messages.js';
import { recordsMetadata } from './unacknowledged-records.js';

/** What a copy of the state is for; one copy may serve both. */
export interface Purposes {
  readonly snapshot: boolean;
  readonly checkpoint: boolean;
}

export interface StateWriterDeps {
  readonly encoder: StateEncoder;
  readonly snapshots: SnapshotWriter;
  readonly checkpoints: CheckpointWriter;
  readonly outbox: Pick<RecordOutbox, 'pending'>;
}

/** Makes files of copies of a member's state, in the background, and hands them to snapshots and checkpoints. */
export class StateWriter {
  readonly #run: string;
  readonly #plan: MemberPlan;
  readonly #deps: StateWriterDeps;

  constructor({ run }: Pick<GenerationDocument, 'run'>, plan: MemberPlan, deps: StateWriterDeps) {
    this.#run = run;
    this.#plan = plan;
    this.#deps = deps;
  }

  /** Resolves when a copy may be taken for these purposes: each that waits holds a copy of the whole state. */
  async room({ snapshot, checkpoint }: Purposes): Promise<void> {
    if (snapshot) await this.#deps.snapshots.room();
    if (checkpoint) await this.#deps.checkpoints.roomForOne();
  }

  /** Resolves when nothing is being written. */
  async settled(): Promise<void> {
    await Promise.all([this.#deps.snapshots.room(), this.#deps.checkpoints.idle()]);
  }

  /** Whether a copy for these purposes needs the shared state: of a checkpoint, one member writes it. */
  needsShared({ snapshot }: Purposes): boolean {
    return snapshot || this.#plan.first;
  }

  /** @param parts copies of the state after `step` steps; they are given away */
  write(step: number, purposes: Purposes, parts: readonly StatePart[]): void {
    const { encoder, snapshots, checkpoints, outbox } = this.#deps;
    const { hosted, first } = this.#plan;
    const records = purposes.snapshot ? recordsMetadata(outbox.pending()) : {};
    const carrier = `lane-${hosted[0]?.lane}`;
    const base = { run: this.#run, step: String(step) };
    const files = { snapshot: [] as PartFile[], checkpoint: [] as PartFile[] };
    for (const each of parts) {
      const { part } = each;
      const wanted: [keyof typeof files, Metadata][] = [];
      if (purposes.snapshot)
        wanted.push(['snapshot', { ...base, format: 'tributary-snapshot/1', ...(part === carrier ? records : {}) }]);
      if (purposes.checkpoint && (part !== 'shared' || first))
        wanted.push(['checkpoint', { ...base, format: 'tributary-checkpoint/1' }]);
      if (wanted.length === 0) {
        encoder.copies.giveBack(buffersOf(each.tensors));
        continue;
      }
      const encoded = encoder.encode(
        each,
        wanted.map(([, metadata]) => metadata),
      );
      wanted.forEach(([purpose], index) => {
        const file = encoded.then((made) => made[index] as EncodedFile);
        // It is awaited later; until then nobody is surprised.
        file.catch(() => undefined);
        files[purpose].push({ part, file });
      });
    }
    if (purposes.snapshot) snapshots.write(step, files.snapshot);
    if (purposes.checkpoint) checkpoints.write(step, files.checkpoint);
  }
}

import type { TrainerPhase } from '@tributary/protocol';
import type { Logger } from '@tributary/telemetry';
import type { TrainerProgress } from './trainer-types.js';

/** Phases in which a member computes unless it says otherwise. */
const computing: ReadonlySet<TrainerPhase> = new Set(['tracing', 'training', 'evaluating', 'ending']);
const compute: TrainerProgress['awaiting'] = { kind: 'compute' };

/** Tells the agent where a member stands: each report is a sign of progress, so nothing is told twice. */
export class StatusReports {
  readonly #deps: { readonly logger: Logger; readonly onStatus: (status: TrainerProgress) => void };
  #status: TrainerProgress;
  #begun = false;

  /** @param step done before the generation */
  constructor(step: number, deps: { readonly logger: Logger; readonly onStatus: (status: TrainerProgress) => void }) {
    this.#deps = deps;
    this.#status = { phase: 'starting', step, awaiting: null, snapshot: null };
  }

  /** A step, a batch, or another phase: the member moves. */
  moved(phase: TrainerPhase, step: number): void {
    if (phase !== this.#status.phase || !this.#begun) this.#deps.logger.info({ phase, step }, 'phase');
    this.#begun = true;
    this.#tell({ phase, step, awaiting: computing.has(phase) ? compute : null });
  }

  /** It has done its share of an exchange and lacks that of these members. */
  awaits(members: readonly number[]): void {
    const before = this.#status.awaiting;
    if (before?.kind === 'members' && before.members.join() === members.join()) return;
    this.#tell({ awaiting: { kind: 'members', members } });
  }

  snapshotTaken(step: number, sharedHash: string): void {
    this.#tell({ snapshot: { step, sharedHash } });
  }

  #tell(changes: Partial<TrainerProgress>): void {
    this.#status = { ...this.#status, ...changes };
    this.#deps.onStatus(this.#status);
  }
}

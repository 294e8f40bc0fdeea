import type { KV } from '@nats-io/kv';
import type { SupervisionLimits } from '@tributary/planner';
import type { ObjectStore, RunId, SnapshotInventory, WorkerId } from '@tributary/protocol';
import type { Db } from '@tributary/run-store';
import type { Logger } from '@tributary/telemetry';
import type { GenerationClocks } from './generation-clocks.js';
import type { GenerationDocuments } from './generation-documents.js';
import type { HeldRuns } from './held-runs.js';
import type { PreparedRuns } from './prepared-runs.js';
import type { Roster } from './roster.js';
import type { RunEvents } from './run-events.js';
import type { RunGauges } from './run-gauges.js';
import type { RunMetrics } from './run-metrics.js';

/** What the activities work with. */
export interface OrchestratorParts {
  readonly db: Db;
  readonly objects: ObjectStore;
  readonly generations: GenerationDocuments;
  readonly endings: KV;
  /** Removes all endings of a run's members. */
  readonly forgetEndings: (run: string) => Promise<void>;
  /** What agents hold of a run's snapshots; those that do not answer soon are left out. */
  readonly inventories: (run: RunId, workers: readonly WorkerId[]) => Promise<SnapshotInventory[]>;
  readonly prepared: PreparedRuns;
  readonly events: RunEvents;
  readonly roster: Roster;
  readonly metrics: RunMetrics;
  readonly gauges: RunGauges;
  readonly clocks: GenerationClocks;
  readonly held: HeldRuns;
  readonly log: Logger;
  readonly supervisionLimits: SupervisionLimits;
  /** How long the end of a run waits for the recorder while Postgres answers. */
  readonly recorderPatienceMs: number;
}

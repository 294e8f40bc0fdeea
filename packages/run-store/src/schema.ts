import type { RunFile } from '@tributary/config';
import type {
  CheckpointManifest,
  DeviceDescription,
  GenerationTime,
  Member,
  RecoveryCause,
  RunState,
  TrainerStatus,
} from '@tributary/protocol';
import type { ColumnType, Generated, JSONColumnType } from 'kysely';

/** A time set by the database's clock unless given. */
type Stamp = ColumnType<Date, Date | undefined, Date>;
type NullableStamp = ColumnType<Date | null, Date | null | undefined, Date | null>;

export interface RunTable {
  run: string;
  experiment: string;
  state: RunState;
  reason: string | null;
  /** 0 until the first attempt starts. */
  attempt: Generated<number>;
  spec: JSONColumnType<RunFile>;
  files: JSONColumnType<Readonly<Record<string, string>>>;
  preparedKey: string | null;
  /** The run whose checkpoint of `parentStep` this one began with; it may be gone. */
  parent: string | null;
  parentStep: number | null;
  targetSteps: number | null;
  step: Generated<number>;
  stateHash: string | null;
  createdAt: Stamp;
  startedAt: NullableStamp;
  endedAt: NullableStamp;
  note: string | null;
  archivedAt: NullableStamp;
  /** Set while it is being purged; no reader sees it from then on. */
  deletedAt: NullableStamp;
}

export interface RunTagTable {
  run: string;
  key: string;
  value: string;
}

/** The leaves of the run file, see `runParams`. */
export interface RunParamTable {
  run: string;
  key: string;
  value: string;
  number: number | null;
}

export interface TaskTable {
  run: string;
  task: string;
  /** Place in the run file: 0, 1, … */
  position: number;
  replicas: number;
  weight: number;
}

export interface AttemptTable {
  run: string;
  attempt: number;
  state: RunState | null;
  reason: string | null;
  /** Its budget; null: of an attempt before budgets were kept. */
  targetSteps: number | null;
  startedAt: Stamp;
  endedAt: NullableStamp;
}

export interface GenerationTable {
  run: string;
  generation: number;
  attempt: number;
  members: JSONColumnType<readonly Member[]>;
  resumeStep: number;
  reason: string | null;
  outcome: string | null;
  outcomeReason: string | null;
  openedAt: Stamp;
  endedAt: NullableStamp;
  /** How long the run had waited for its slots before; null: not known. */
  waitedMs: number | null;
  /** What the next generation recovers from. */
  recovery: ColumnType<RecoveryCause | null, RecoveryCause | null | undefined>;
  /** What its time went to, as far as it is accounted for; null: not known. */
  time: ColumnType<GenerationTime | null, string | null | undefined, string | null>;
}

export interface WorkerTable {
  worker: string;
  host: string;
  pid: number;
  incarnation: string;
  sequence: number;
  description: JSONColumnType<DeviceDescription>;
  trainer: ColumnType<TrainerStatus | null, string | null, string | null>;
  confirmedDead: JSONColumnType<Readonly<Record<string, number>>>;
  draining: boolean;
  /** Why no run may lease it; null: it may. */
  quarantined: string | null;
  seenAt: Stamp;
}

export interface LeaseTable {
  worker: string;
  run: string;
  /** The newest generation that names this worker; null until one does. */
  generation: number | null;
  requestedAt: Stamp;
  leasedAt: Stamp;
  /** Given back; free once the agent confirms that `generation`'s trainer is dead. */
  releasedAt: NullableStamp;
}

export interface LeaseRequestTable {
  run: string;
  /** Place in the queue: rises with each new request. */
  place: Generated<number>;
  minWorkers: number;
  maxWorkers: number;
  requestedAt: Stamp;
  /** When the run last asked: a run that stopped asking is passed over. */
  askedAt: Stamp;
}

/** `point`: must be equal when redone; `timing`: may differ, keyed by generation too. */
export type SeriesKind = 'point' | 'timing';

export interface SeriesTable {
  id: Generated<number>;
  run: string;
  subject: string;
  series: string;
  kind: SeriesKind;
  /** Its name for users: the series of the run, `<task>.<series>` of a task; null of lanes. */
  metric: ColumnType<string | null, never, never>;
  count: Generated<number>;
  firstStep: number | null;
  lastStep: number | null;
  last: number | null;
  min: number | null;
  max: number | null;
}

export interface PointTable {
  seriesId: number;
  step: number;
  value: number;
}

export interface TimingTable {
  seriesId: number;
  step: number;
  generation: number;
  value: number;
}

/** Groups of parameters with matrices of their own, by run. */
export interface MatrixGroupTable {
  id: Generated<number>;
  run: string;
  name: string;
}

/** Of P tasks at one step. */
export interface GramMatrixTable {
  groupId: number;
  step: number;
  /** Places of the tasks in the run file; null: 0 to P-1. */
  tasks: number[] | null;
  /** P(P+1)/2 inner products, the upper triangle row by row. */
  gram: number[];
  coefficients: number[];
}

/** A run's number in the ledger. */
export interface LedgerRunTable {
  id: Generated<number>;
  run: string;
}

/** What one lane read in one step. */
export interface LedgerTable {
  runId: number;
  step: number;
  lane: number;
  /** The one that recorded it first. */
  generation: number;
  /** Where the lane's cursor stood before. */
  epoch: number;
  position: number;
  microbatches: number;
}

export interface SnapshotHashTable {
  run: string;
  step: number;
  part: string;
  /** The one that recorded it first. */
  generation: number;
  /** 32 bytes. */
  stateHash: Buffer;
}

export interface SampleTable {
  run: string;
  step: number;
  task: string;
  index: number;
  source: string;
  generated: string;
  references: JSONColumnType<readonly string[]>;
}

export interface CheckpointTable {
  run: string;
  step: number;
  attempt: number;
  stateHash: string;
  sizeBytes: number;
  manifest: JSONColumnType<CheckpointManifest>;
  committedAt: Stamp;
  /** Set while its objects are being deleted; no reader sees it from then on. */
  deletedAt: NullableStamp;
}

export interface CheckpointPartTable {
  run: string;
  step: number;
  generation: number;
  part: string;
  attempt: number;
  parts: JSONColumnType<readonly string[]>;
  key: string;
  sizeBytes: number;
  sha256: string;
  stateHash: string;
}

export interface LineageTable {
  run: string;
  attempt: number;
  generation: number;
  member: number;
  key: string;
  value: string;
}

export interface MemberEndTable {
  run: string;
  generation: number;
  member: number;
  attempt: number;
  step: number;
  outcome: string;
}

export interface DivergenceTable {
  run: string;
  subject: string;
  series: string;
  step: number;
  generation: number;
  attempt: number;
  recorded: string;
  redone: string;
  foundAt: Stamp;
}

/** All tables of the run store, in camel case; the database has them in snake case. */
export interface Schema {
  runs: RunTable;
  runTags: RunTagTable;
  runParams: RunParamTable;
  tasks: TaskTable;
  attempts: AttemptTable;
  generations: GenerationTable;
  workers: WorkerTable;
  leases: LeaseTable;
  leaseRequests: LeaseRequestTable;
  series: SeriesTable;
  points: PointTable;
  timings: TimingTable;
  matrixGroups: MatrixGroupTable;
  gramMatrices: GramMatrixTable;
  ledgerRuns: LedgerRunTable;
  ledger: LedgerTable;
  snapshotHashes: SnapshotHashTable;
  samples: SampleTable;
  checkpoints: CheckpointTable;
  checkpointParts: CheckpointPartTable;
  lineage: LineageTable;
  memberEnds: MemberEndTable;
  divergences: DivergenceTable;
}

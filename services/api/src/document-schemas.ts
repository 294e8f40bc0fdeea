import type {
  AttemptDocument,
  AttemptReplyDocument,
  CheckpointSummaryDocument,
  ConflictsDocument,
  DivergencesDocument,
  ErrorDocument,
  FileDocument,
  GenerationSummaryDocument,
  HealthDocument,
  InitReport,
  LaunchRequestDocument,
  LineageDocument,
  PairConflictsDocument,
  RunDocument,
  RunSummaryDocument,
  RunTimeDocument,
  SampleDocument,
  SeriesSummaryDocument,
  TaskDocument,
  ValidationReplyDocument,
  WorkerDocument,
  WorkerListDocument,
} from '@tributary/protocol';
import { badputCauses, errorCodes, recoveryCauses, runStates } from '@tributary/protocol';
import { z } from 'zod';

// The schemas of @tributary/protocol's documents, for validation and OpenAPI; `satisfies` keeps the two equal.

/** A list that is only read. */
export const list = <T extends z.ZodType>(item: T): z.ZodType<readonly z.output<T>[]> => z.array(item);

const time = z.string().describe('ISO 8601, UTC.');
export const count = z.number();
const state = z.enum(runStates);

export const errorSchema = z.object({
  code: z.enum(errorCodes),
  message: z.string(),
  at: z
    .object({ text: z.enum(['filter', 'order', 'columns']), column: count.describe('1 is the first character.') })
    .optional(),
}) satisfies z.ZodType<ErrorDocument>;

const link = z.string().nullable().describe('Address of a web page.');

export const healthSchema = z.object({
  status: z.enum(['ok', 'degraded']),
  version: z.string(),
  servers: z.object({ postgres: z.string(), nats: z.string(), temporal: z.string() }),
  links: z.object({ temporal: link, prometheus: link, grafana: link }),
}) satisfies z.ZodType<HealthDocument>;

export const fileSchema = z.object({
  key: z.string(),
  sha256: z.string(),
  sizeBytes: count,
}) satisfies z.ZodType<FileDocument>;

export const runSummary = {
  run: z.string(),
  experiment: z.string(),
  state,
  reason: z.string().nullable(),
  attempt: count,
  step: count,
  targetSteps: count.nullable(),
  stateHash: z.string().nullable(),
  createdAt: time,
  startedAt: time.nullable(),
  endedAt: time.nullable(),
};
export const runSummarySchema = z.object(runSummary) satisfies z.ZodType<RunSummaryDocument>;

const attemptSchema = z.object({
  attempt: count,
  state: state.nullable(),
  reason: z.string().nullable(),
  startedAt: time,
  endedAt: time.nullable(),
}) satisfies z.ZodType<AttemptDocument>;

/** Branded ids are plain text on the wire. */
type Wire<T> = T extends string
  ? string
  : T extends number
    ? number
    : T extends readonly (infer U)[]
      ? readonly Wire<U>[]
      : T extends object
        ? { [K in keyof T]: Wire<T[K]> }
        : T;

const generationSchema = z.object({
  generation: count,
  attempt: count,
  members: list(z.object({ member: count, worker: z.string(), lanes: list(count) })),
  resumeStep: count,
  reason: z.string().nullable(),
  outcome: z.string().nullable(),
  outcomeReason: z.string().nullable(),
  openedAt: time,
  endedAt: time.nullable(),
}) satisfies z.ZodType<Wire<GenerationSummaryDocument>>;

const seriesSchema = z.object({
  subject: z.string(),
  series: z.string(),
  kind: z.enum(['point', 'timing']),
  count,
  firstStep: count.nullable(),
  lastStep: count.nullable(),
  last: z.number().nullable(),
  min: z.number().nullable(),
  max: z.number().nullable(),
}) satisfies z.ZodType<SeriesSummaryDocument>;

export const checkpointSchema = z.object({
  step: count,
  attempt: count,
  stateHash: z.string(),
  sizeBytes: count,
  committedAt: time,
}) satisfies z.ZodType<CheckpointSummaryDocument>;

export const lineageSchema = z.object({
  attempt: count,
  generation: count,
  member: count,
  key: z.string(),
  value: z.string(),
}) satisfies z.ZodType<LineageDocument>;

const divergencesSchema = z.object({
  total: count,
  first: list(
    z.object({
      subject: z.string(),
      series: z.string(),
      step: count,
      attempt: count,
      generation: count,
      recorded: z.string(),
      redone: z.string(),
    }),
  ),
}) satisfies z.ZodType<DivergencesDocument>;

const initSchema = z.object({
  from: z.string(),
  matched: list(z.object({ parameter: z.string(), tensor: z.string() })),
  missing: list(z.string()),
  unused: list(z.string()),
  otherShape: list(z.object({ parameter: z.string(), wanted: list(count), tensor: z.string(), found: list(count) })),
  remarks: list(z.string()),
}) satisfies z.ZodType<InitReport>;

const sampleSchema = z.object({
  step: count,
  index: count,
  source: z.string(),
  generated: z.string(),
  references: list(z.string()),
}) satisfies z.ZodType<SampleDocument>;

const taskSchema = z.object({
  task: z.string(),
  replicas: count,
  weight: z.number(),
  results: z.record(z.string(), z.number().nullable()),
  samples: list(sampleSchema),
}) satisfies z.ZodType<TaskDocument>;

const runTimeSchema = z.object({
  seconds: z.number().describe('Of all attempts; goodput and badput sum to it.'),
  goodputSeconds: z.number().describe('In which steps were done for the first time.'),
  badputSeconds: z.partialRecord(z.enum(badputCauses), z.number()),
  lostSteps: z
    .partialRecord(z.enum(recoveryCauses), count)
    .describe('Steps that were done again, by how their generation ended.'),
}) satisfies z.ZodType<RunTimeDocument>;

export const runSchema = z.object({
  ...runSummary,
  tags: z.record(z.string(), z.string()),
  note: z.string().nullable(),
  archivedAt: time.nullable(),
  spec: z.record(z.string(), z.unknown()),
  files: z.record(z.string(), z.string()),
  tasks: list(taskSchema),
  attempts: list(attemptSchema),
  generations: list(generationSchema),
  series: list(seriesSchema),
  checkpoints: list(checkpointSchema),
  lineage: list(lineageSchema),
  init: initSchema.nullable(),
  divergences: divergencesSchema,
  time: runTimeSchema.nullable(),
  parent: z.object({ run: z.string(), step: count }).nullable(),
  children: list(z.object({ run: z.string(), step: count, state })),
}) satisfies z.ZodType<Wire<RunDocument>>;

const pairStatistics = {
  steps: count,
  meanCosine: z.number().nullable(),
  minCosine: z.number().nullable(),
  conflictShare: z.number().nullable().describe('Share of the steps with a negative cosine.'),
};
const pairConflictsSchema = z.object({
  task: z.string(),
  other: z.string(),
  ...pairStatistics,
  over: list(z.object(pairStatistics)).describe('By bucket.'),
}) satisfies z.ZodType<PairConflictsDocument>;

export const conflictsSchema = z.object({
  run: z.string(),
  groups: list(z.string()),
  group: z.string().nullable().describe('Null: the whole shared gradient.'),
  from: count,
  to: count,
  steps: count,
  buckets: list(z.object({ from: count, to: count })),
  pairs: list(pairConflictsSchema),
}) satisfies z.ZodType<ConflictsDocument>;

export const launchSchema = z.strictObject({
  spec: z.unknown().describe('The run file as JSON; see run-file.schema.json.'),
  files: z.record(z.string(), z.string()).default({}).describe('Path in the run file → key that PUT /v1/files gave.'),
}) satisfies z.ZodType<LaunchRequestDocument>;

export const validationReplySchema = z.object({
  spec: z.record(z.string(), z.unknown()).nullable().describe('With every default filled in; null: it has problems.'),
  files: list(z.string()).describe('Paths that it names; PUT each to /v1/files before the launch.'),
  problems: list(z.object({ line: count.nullable(), field: z.string(), message: z.string() })),
}) satisfies z.ZodType<ValidationReplyDocument>;

export const attemptReplySchema = z.object({
  run: z.string(),
  attempt: count,
  state,
}) satisfies z.ZodType<AttemptReplyDocument>;

const workerSchema = z.object({
  worker: z.string(),
  host: z.string(),
  pid: count,
  device: z.object({
    backend: z.string(),
    backendVersion: z.string(),
    device: z.string(),
    model: z.string(),
    version: z.string(),
  }),
  live: z.boolean(),
  draining: z.boolean(),
  quarantined: z.string().nullable(),
  trainer: z
    .object({
      run: z.string(),
      attempt: count,
      generation: count,
      member: count,
      phase: z.enum(['starting', 'restoring', 'tracing', 'training', 'evaluating', 'checkpointing', 'ending']),
      step: count,
      progress: count,
      awaiting: z
        .discriminatedUnion('kind', [
          z.object({ kind: z.literal('members'), members: list(count) }),
          z.object({ kind: z.literal('compute') }),
        ])
        .nullable()
        .optional(),
      silentMs: count.optional(),
      snapshot: z.object({ step: count, sharedHash: z.string() }).nullable().optional(),
      died: z.object({ reason: z.string(), crashed: z.boolean().optional() }).nullable(),
    })
    .nullable(),
  seenAt: time,
}) satisfies z.ZodType<Wire<WorkerDocument>>;

export const workerListSchema = z.object({
  workers: list(workerSchema),
}) satisfies z.ZodType<Wire<WorkerListDocument>>;

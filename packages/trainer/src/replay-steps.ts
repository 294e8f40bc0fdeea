import { memoryNetwork, type Transport } from '@tributary/collectives';
import {
  decodeRunRecord,
  type GenerationDocument,
  type MemberIndex,
  type ObjectStore,
  type PreparedRun,
  TributaryError,
  type VerifyAnswer,
  type VerifyRequest,
  type WorkerId,
} from '@tributary/protocol';
import { createMetrics, type Logger } from '@tributary/telemetry';
import { ComputeKeeper } from './compute-keeper.js';
import { specOf } from './prepared-model.js';
import type { SnapshotPort } from './snapshot-port.js';
import { Trainer } from './trainer.js';
import type { RecordStream, TrainerOptions } from './trainer-types.js';

export interface ReplayOptions extends Pick<TrainerOptions, 'backend' | 'device'> {
  readonly request: VerifyRequest;
  readonly worker: WorkerId;
}

export interface ReplayDeps {
  /** Only read. */
  readonly objects: ObjectStore;
  readonly logger: Logger;
  /** Progress, and what was computed: state hashes and batches. */
  readonly onAnswer: (answer: VerifyAnswer) => void;
}

/** What a trainer would publish is told here instead, and nothing of it is kept. */
const recordsSubject = 'records';
const eventsSubject = 'events';

/**
 * Does a stretch of a run's steps again, from a checkpoint or the run's beginning: all lanes as one member, by the trainer itself.
 * Nothing is published or stored. Resolves once everything has been told.
 * @throws TributaryError `CHECKPOINT_NOT_FOUND`, `CHECKPOINT_CORRUPT`, and whatever training throws
 */
export async function replaySteps(
  { request, worker, backend, device }: ReplayOptions,
  { objects, logger, onAnswer }: ReplayDeps,
): Promise<void> {
  const prepared = await preparedFor(request, objects);
  const document = documentOf(request, prepared, worker);
  const compute = new ComputeKeeper();
  const [transport] = memoryNetwork(1) as [Transport];
  const trainer = new Trainer(
    {
      document,
      member: 0,
      prepared,
      backend,
      device,
      recordsSubject,
      eventsSubject,
      replay: { until: request.to, snapshots: request.snapshots },
    },
    {
      transport,
      stream: tellingStream(onAnswer),
      objects: onlyRead(objects),
      logger,
      metrics: createMetrics(),
      compute,
      snapshots: forgetting,
      onStatus: ({ phase, step }) => onAnswer({ kind: 'progress', phase, step }),
    },
  );
  try {
    const ending = await trainer.run();
    if (ending.step !== request.to)
      throw new TributaryError('INTERNAL', `The steps ended at ${ending.step} in place of ${request.to}.`);
  } finally {
    await compute.close();
    await transport.close();
  }
}

/** With the budget that these steps had. Of time there is none: it may end a run, but decides no step. */
async function preparedFor({ preparedKey, budgetSteps }: VerifyRequest, objects: ObjectStore): Promise<PreparedRun> {
  const prepared = JSON.parse(new TextDecoder().decode(await objects.get(preparedKey))) as PreparedRun;
  const { time: _, ...budget } = specOf(prepared).budget;
  return { ...prepared, spec: { ...specOf(prepared), budget: { ...budget, steps: budgetSteps } } };
}

function documentOf(request: VerifyRequest, { lanes }: PreparedRun, worker: WorkerId): GenerationDocument {
  const { run, attempt, preparedKey, from } = request;
  return {
    run,
    attempt,
    generation: 0,
    decisionId: 'replay',
    state: 'open',
    preparedKey,
    members: [{ member: 0 as MemberIndex, worker, lanes: lanes.map(({ lane }) => lane) }],
    resume: from,
    stop: null,
  };
}

function onlyRead(objects: ObjectStore): ObjectStore {
  return {
    get: (key) => objects.get(key),
    has: (key) => objects.has(key),
    list: (prefix) => objects.list(prefix),
    put: async () => undefined,
    delete: async () => undefined,
  };
}

const forgetting: SnapshotPort = {
  folder: { write: async () => undefined },
  fetch: async () => {
    throw new TributaryError('SNAPSHOT_LOST', 'Steps are done again from a checkpoint, and not from a snapshot.');
  },
  written: async () => undefined,
};

/** Takes what the trainer publishes as a stream does, and tells of it. */
function tellingStream(onAnswer: ReplayDeps['onAnswer']): RecordStream {
  let sequence = 0;
  return {
    publish: async (subject, payload) => {
      sequence += 1;
      if (subject === recordsSubject && payload instanceof Uint8Array) tell(payload, onAnswer);
      return { stream: 'replay', seq: sequence, duplicate: false };
    },
  };
}

function tell(payload: Uint8Array, onAnswer: ReplayDeps['onAnswer']): void {
  const record = decodeRunRecord(payload);
  if (record.kind === 'ledger') onAnswer({ kind: 'ledger', steps: record.steps });
  if (record.kind === 'snapshot') onAnswer({ kind: 'hashes', step: record.step, parts: record.parts });
  if (record.kind === 'checkpoint-part') {
    const { step, part, stateHash } = record.part;
    onAnswer({ kind: 'hashes', step, parts: [{ part, stateHash }] });
  }
}

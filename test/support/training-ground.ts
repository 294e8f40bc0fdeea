import { createHash, randomBytes } from 'node:crypto';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { connect } from '@nats-io/transport-node';
import { manifestOf, natsStore } from '@tributary/checkpoints';
import { dataPaths, type RunFileInput, runFileSchema } from '@tributary/config';
import { prepareRun } from '@tributary/datasets';
import { provisionJetStream } from '@tributary/devstack';
import { withBuddies } from '@tributary/planner';
import {
  type CheckpointManifest,
  type CheckpointPart,
  checkpointKey,
  dataKey,
  decodeRunRecord,
  type GenerationDocument,
  type LaneIndex,
  type MemberEndingDocument,
  type MemberIndex,
  natsNames,
  preparedKey,
  type ResumePoint,
  type RunId,
  type RunRecord,
  type WorkerId,
} from '@tributary/protocol';
import { temporaryNamespace, testServers } from '@tributary/testing';
import { resolveInit } from '@tributary/trainer';
import { startAgent } from './agents.js';

/** Lanes by worker: `{ a: [0, 2], b: [1] }`; the order of the keys is the order of the members. */
export type Placement = Readonly<Record<string, readonly number[]>>;

export interface TrainedGeneration {
  readonly endings: readonly MemberEndingDocument[];
  readonly records: readonly RunRecord[];
  /** Manifests of the checkpoints that became whole, oldest first; stored under their keys. */
  readonly checkpoints: readonly CheckpointManifest[];
}

/**
 * Real agents, trainers and NATS; the test itself plays the orchestrator, so that it can place lanes as it likes and end
 * a generation where it likes.
 */
export async function openTrainingGround(workers: readonly string[]) {
  const servers = await testServers();
  const namespace = temporaryNamespace();
  const names = natsNames(namespace);
  const connection = await connect({ servers: servers.natsUrl, user: servers.natsUser, pass: servers.natsPassword });
  await provisionJetStream(connection, namespace);
  const kvm = new Kvm(connection);
  const generations = await kvm.open(names.generationsBucket);
  const endings = await kvm.open(names.endingsBucket);
  const objects = await natsStore(connection, names.objectsBucket);
  const agents = await Promise.all(workers.map((worker) => startAgent(connection, { worker, namespace, servers })));

  /** @param files content of the files of the run file, by path; those that it does not name are left alone */
  const prepare = async (
    input: RunFileInput,
    files: Readonly<Record<string, Uint8Array | string>> = {},
  ): Promise<{ run: RunId; key: string }> => {
    const run = `test-${randomBytes(4).toString('hex')}` as RunId;
    const spec = runFileSchema.parse(input);
    const store = async (path: string): Promise<string> => {
      const content = files[path];
      if (content === undefined) throw new Error(`the run file names ${path}, which was not given`);
      const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
      const key = dataKey(createHash('sha256').update(bytes).digest('hex'));
      await objects.put(key, bytes);
      return key;
    };
    const keys: Record<string, string> = {};
    for (const { data } of spec.tasks) for (const path of dataPaths(data)) keys[path] = await store(path);
    const data = await prepareRun({ run, spec, files: keys }, { objects });
    const weights = spec.init?.from.file;
    const source = { kind: 'file', label: `file ${weights}`, key: weights ? await store(weights) : '' } as const;
    const prepared = weights === undefined ? data : { ...data, init: await resolveInit(data, source, objects) };
    const bytes = new TextEncoder().encode(JSON.stringify(prepared));
    const key = preparedKey(createHash('sha256').update(bytes).digest('hex'));
    await objects.put(key, bytes);
    return { run, key };
  };

  const open = async (
    prepared: { run: RunId; key: string },
    placement: Placement,
    options: { generation?: number; attempt?: number; resume?: ResumePoint; stop?: GenerationDocument['stop'] } = {},
  ): Promise<GenerationDocument> => {
    const document: GenerationDocument = {
      run: prepared.run,
      attempt: options.attempt ?? 1,
      generation: options.generation ?? 1,
      decisionId: randomBytes(8).toString('hex'),
      state: 'open',
      preparedKey: prepared.key,
      members: withBuddies(
        Object.entries(placement).map(([worker, lanes], member) => ({
          member: member as MemberIndex,
          worker: worker as WorkerId,
          lanes: lanes.map((lane) => lane as LaneIndex),
        })),
        () => 'one machine',
      ),
      resume: options.resume ?? { step: 0, checkpointKey: null },
      stop: options.stop ?? null,
    };
    await generations.put(document.run, JSON.stringify(document));
    return document;
  };

  /** Waits for all members' endings, closes the generation and collects its records. */
  const conclude = async (document: GenerationDocument): Promise<TrainedGeneration> => {
    const found = new Map<number, MemberEndingDocument>();
    const watch = await endings.watch({ key: `${document.run}.${document.generation}.*` });
    for await (const entry of watch) {
      const ending = entry.json<MemberEndingDocument>();
      found.set(ending.member, ending);
      if (found.size === document.members.length) break;
    }
    await generations.put(document.run, JSON.stringify({ ...document, state: 'closed' }));
    const records = await recordsOf(document.run);
    return {
      endings: [...found.values()].sort((a, b) => a.member - b.member),
      records,
      checkpoints: await storeManifests(records),
    };
  };

  const recordsOf = async (run: string): Promise<RunRecord[]> => {
    const manager = await jetstreamManager(connection);
    const { num_pending: pending } = await manager.consumers.add(names.recordsStream, {
      name: `count_${randomBytes(4).toString('hex')}`,
      filter_subject: names.records(run),
    });
    const consumer = await jetstream(connection).consumers.get(names.recordsStream, {
      filter_subjects: names.records(run),
    });
    const records: RunRecord[] = [];
    if (pending === 0) return records;
    const messages = await consumer.consume();
    for await (const message of messages) {
      records.push(decodeRunRecord(message.data));
      if (records.length >= pending) break;
    }
    return records;
  };

  const storeManifests = async (records: readonly RunRecord[]): Promise<CheckpointManifest[]> => {
    const parts = new Map<number, Map<string, CheckpointPart>>();
    for (const record of records) {
      if (record.kind !== 'checkpoint-part') continue;
      const byName = parts.get(record.part.step) ?? new Map<string, CheckpointPart>();
      if (!byName.has(record.part.part)) byName.set(record.part.part, record.part);
      parts.set(record.part.step, byName);
    }
    const manifests: CheckpointManifest[] = [];
    for (const [, byName] of [...parts].sort(([a], [b]) => a - b)) {
      const expected = [...byName.values()][0]?.parts ?? [];
      if (!expected.every((part) => byName.has(part))) continue;
      const manifest = manifestOf(expected.map((part) => byName.get(part) as CheckpointPart));
      await objects.put(checkpointKey(manifest.run, manifest.step), new TextEncoder().encode(JSON.stringify(manifest)));
      manifests.push(manifest);
    }
    return manifests;
  };

  const train = async (input: RunFileInput, placement: Placement): Promise<TrainedGeneration> =>
    conclude(await open(await prepare(input), placement));

  const close = async (): Promise<void> => {
    await Promise.all(agents.map((agent) => agent.kill('SIGTERM')));
    await connection.drain();
  };
  return {
    servers,
    namespace,
    names,
    connection,
    agents,
    generations,
    endings,
    objects,
    prepare,
    open,
    conclude,
    recordsOf,
    storeManifests,
    train,
    close,
  };
}

export type TrainingGround = Awaited<ReturnType<typeof openTrainingGround>>;

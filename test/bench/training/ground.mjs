import { createHash, randomBytes } from 'node:crypto';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { manifestOf, natsStore } from '@tributary/checkpoints';
import { runFileSchema } from '@tributary/config';
import { prepareRun } from '@tributary/datasets';
import { dataKey, decodeRunRecord, natsNames, preparedKey } from '@tributary/protocol';

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/**
 * Everything that trainers need of an installation: prepared data and the streams of a real nats-server. The benchmark itself plays
 * the orchestrator, so that it places lanes as it likes; Postgres and Temporal take no part.
 */
export async function openGround(nats) {
  const names = natsNames(nats.document.namespaces[0]);
  const connection = await nats.connect();
  const objects = await natsStore(connection, names.objectsBucket);

  // Building the data keeps this process busy for seconds: a request that waited meanwhile would be taken for unanswered.
  let last = Promise.resolve();
  const oneAtATime =
    (work) =>
    (...args) => {
      const done = last.then(() => work(...args));
      last = done.catch(() => undefined);
      return done;
    };

  /** @param files content of the files of the run file, by path */
  async function prepare(input, files = {}) {
    const spec = runFileSchema.parse(input);
    const run = `${spec.experiment}-${randomBytes(4).toString('hex')}`;
    const keys = {};
    for (const [path, content] of Object.entries(files)) {
      const bytes = new TextEncoder().encode(content);
      keys[path] = dataKey(sha256(bytes));
      await objects.put(keys[path], bytes);
    }
    const prepared = await prepareRun({ run, spec, files: keys }, { objects });
    const bytes = new TextEncoder().encode(JSON.stringify(prepared));
    const key = preparedKey(sha256(bytes));
    await objects.put(key, bytes);
    return { run, spec, key, lanes: prepared.lanes };
  }

  /** Generation 1 of a prepared run. @param placement the lanes of each member */
  const documentOf = ({ run, key }, placement) => ({
    run,
    attempt: 1,
    generation: 1,
    decisionId: randomBytes(8).toString('hex'),
    state: 'open',
    preparedKey: key,
    members: placement.map((lanes, member) => ({ member, worker: `bench-${member}`, lanes })),
    resume: { step: 0, checkpointKey: null },
    stop: null,
  });

  /** All records of a run that has ended. */
  async function recordsOf(run) {
    const manager = await jetstreamManager(connection);
    const subject = names.records(run);
    const { state } = await manager.streams.info(names.recordsStream, { subjects_filter: subject });
    const pending = state.subjects?.[subject] ?? 0;
    const records = [];
    if (pending === 0) return records;
    const consumer = await jetstream(connection).consumers.get(names.recordsStream, { filter_subjects: subject });
    for await (const message of await consumer.consume()) {
      records.push(decodeRunRecord(message.data));
      if (records.length >= pending) break;
    }
    return records;
  }

  return { prepare: oneAtATime(prepare), documentOf, recordsOf: oneAtATime(recordsOf) };
}

/** Values by subject, series and step. */
export function seriesOf(records) {
  const series = new Map();
  for (const record of records) {
    if (record.kind !== 'points') continue;
    for (const { subject, series: name, step, value } of record.points) {
      const key = `${subject} ${name}`;
      if (!series.has(key)) series.set(key, new Map());
      series.get(key).set(step, value);
    }
  }
  return series;
}

/** The state hash of each whole checkpoint, by step. */
export function stateHashes(records) {
  const parts = new Map();
  for (const record of records) {
    if (record.kind !== 'checkpoint-part') continue;
    const byName = parts.get(record.part.step) ?? new Map();
    byName.set(record.part.part, record.part);
    parts.set(record.part.step, byName);
  }
  const hashes = new Map();
  for (const [step, byName] of [...parts].sort(([a], [b]) => a - b)) {
    const expected = byName.values().next().value.parts;
    if (expected.every((name) => byName.has(name)))
      hashes.set(step, manifestOf(expected.map((name) => byName.get(name))).stateHash);
  }
  return hashes;
}

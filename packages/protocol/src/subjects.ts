/**
 * Every NATS name of an installation, under its namespace. `control` may use all of them; the user `worker` may
 * publish beacons, exchange messages, records, events and replies, use the objects bucket, read the generations bucket
 * and write the endings bucket: it may not write `$KV.<generations>.>`.
 */
export interface NatsNames {
  readonly namespace: string;
  /** Core NATS subject of one agent's beacons; `beacon('*')` for all. */
  beacon(worker: string): string;
  /** Core NATS prefix of one generation's exchange; fenced by attempt and generation. */
  exchange(run: string, attempt: number, generation: number): string;
  /** Core NATS request subject of one agent's snapshots: {@link SnapshotRequest}. */
  snapshots(worker: string): string;
  /** Core NATS prefix of requests to verify, one subject for each kind of worker ({@link verifySubject}). */
  readonly verify: string;
  /** Core NATS request subject served by agents in queue group `generate`. */
  readonly generate: string;
  /** JetStream stream of {@link RunRecord}s and its subjects. */
  readonly recordsStream: string;
  records(run: string): string;
  /** JetStream stream of {@link RunEvent}s (short retention) and its subjects. */
  readonly eventsStream: string;
  events(run: string): string;
  /** KV bucket: key `<run>` → GenerationDocument. */
  readonly generationsBucket: string;
  /** KV bucket: key `<run>.<generation>.<member>` → MemberEndingDocument. */
  readonly endingsBucket: string;
  /** Object store bucket of prepared data, prepared-run documents and checkpoints. */
  readonly objectsBucket: string;
}

export function natsNames(namespace: string): NatsNames {
  const root = `tributary.${namespace}`;
  return {
    namespace,
    beacon: (worker) => `${root}.beacon.${worker}`,
    exchange: (run, attempt, generation) => `${root}.exchange.${run}.${attempt}.${generation}`,
    snapshots: (worker) => `${root}.snapshot.${worker}`,
    verify: `${root}.verify`,
    generate: `${root}.generate`,
    recordsStream: `${namespace}_records`,
    records: (run) => `${root}.records.${run}`,
    eventsStream: `${namespace}_events`,
    events: (run) => `${root}.events.${run}`,
    generationsBucket: `${namespace}_generations`,
    endingsBucket: `${namespace}_endings`,
    objectsBucket: `${namespace}_objects`,
  };
}

/** Object key of content-addressed data. */
export function dataKey(sha256: string): string {
  return `data/${sha256}`;
}

/** Object key of a prepared run. */
export function preparedKey(sha256: string): string {
  return `prepared/${sha256}.json`;
}

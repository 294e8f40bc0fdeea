import type { NatsConnection, Subscription } from '@nats-io/transport-node';
import { workerSilent } from '@tributary/planner';
import { type Beacon, beaconIntervalMs, type NatsNames, type WorkerId } from '@tributary/protocol';
import { deviceType } from '@tributary/run-store';

export type BeaconListener = (beacon: Beacon, atMs: number) => void;

/** A longer gap between two ticks is this process's own absence: stopped, or too busy to hear. */
const ownAbsenceMs = 4 * beaconIntervalMs;

/** Hears every agent's beacons and knows who answers now. */
export class Roster {
  readonly #heard = new Map<string, { readonly beacon: Beacon; readonly atMs: number }>();
  readonly #listeners = new Set<BeaconListener>();
  readonly #nc: NatsConnection;
  readonly #subscription: Subscription;
  /** Since when beacons could be heard without a gap. */
  #listeningSinceMs = Date.now();
  #connected = true;
  #lastTickMs = Date.now();
  readonly #ticks: NodeJS.Timeout;
  readonly #silenceMs: number;

  /** @param silenceMs how long a worker may be unheard and still count as living */
  constructor(nc: NatsConnection, names: NatsNames, silenceMs: number) {
    this.#nc = nc;
    this.#silenceMs = silenceMs;
    this.#subscription = nc.subscribe(names.beacon('*'), {
      callback: (error, message) => {
        if (error === null) this.#hear(message.json<Beacon>());
      },
    });
    this.#ticks = setInterval(() => this.#tick(Date.now()), beaconIntervalMs);
    void this.#followConnection();
  }

  /** After an absence of its own, beacons wait to be heard: silence before means nothing. */
  #tick(nowMs: number): void {
    if (nowMs - this.#lastTickMs > ownAbsenceMs) this.#listeningSinceMs = nowMs;
    this.#lastTickMs = nowMs;
  }

  async #followConnection(): Promise<void> {
    for await (const status of this.#nc.status()) {
      if (status.type === 'disconnect') this.#connected = false;
      if (status.type === 'reconnect') {
        this.#connected = true;
        this.#listeningSinceMs = Date.now();
      }
    }
  }

  #hear(beacon: Beacon): void {
    const atMs = Date.now();
    this.#heard.set(beacon.worker, { beacon, atMs });
    for (const listener of [...this.#listeners]) listener(beacon, atMs);
  }

  /** Whether silence means anything now: false while this process is cut off itself. */
  get connected(): boolean {
    return this.#connected;
  }

  /** Calls for every beacon from now on; returns how to end that. */
  listen(listener: BeaconListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The latest beacon of every worker that has ever been heard, and when. */
  heard(): readonly { readonly beacon: Beacon; readonly atMs: number }[] {
    return [...this.#heard.values()];
  }

  /** The latest beacon of every worker that answers now. */
  living(nowMs: number = Date.now()): Beacon[] {
    return [...this.#heard.values()]
      .filter(({ atMs }) => !workerSilent(atMs, nowMs, this.#silenceMs))
      .map(({ beacon }) => beacon)
      .sort((a, b) => (a.worker < b.worker ? -1 : 1));
  }

  /** The type of a worker's device, `cpu` or `gpu`, as it said last; '' where it never did. */
  deviceOf(worker: string): string {
    const heard = this.#heard.get(worker);
    return heard === undefined ? '' : deviceType(heard.beacon.device.device);
  }

  /** The machine that a worker runs on, as it said last; the worker itself where it never did. */
  hostOf(worker: WorkerId): string {
    return this.#heard.get(worker)?.beacon.host ?? worker;
  }

  /**
   * Those of some workers that answer and can take lanes. Resolves once each has been heard, or enough time has passed to
   * call the others silent.
   * @param silent workers that are known not to answer: nobody waits for them, but one that is back counts
   */
  async rollCall(
    workers: readonly WorkerId[],
    signal: AbortSignal,
    silent: readonly string[] = [],
  ): Promise<WorkerId[]> {
    return await new Promise((resolve, reject) => {
      const settle = (): void => {
        const nowMs = Date.now();
        this.#tick(nowMs);
        const living = new Map(this.living(nowMs).map((beacon) => [beacon.worker, beacon]));
        const awaited = workers.some((worker) => !living.has(worker) && !silent.includes(worker));
        if (!this.#connected || (awaited && nowMs - this.#listeningSinceMs <= this.#silenceMs)) return;
        finish();
        resolve(workers.filter((worker) => living.get(worker)?.draining === false));
      };
      const abort = (): void => {
        finish();
        reject(signal.reason);
      };
      const unlisten = this.listen(settle);
      const timer = setInterval(settle, 250);
      signal.addEventListener('abort', abort, { once: true });
      const finish = (): void => {
        unlisten();
        clearInterval(timer);
        signal.removeEventListener('abort', abort);
      };
      settle();
    });
  }

  close(): void {
    clearInterval(this.#ticks);
    this.#subscription.unsubscribe();
    this.#listeners.clear();
  }
}

import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { NatsConnection } from '@nats-io/transport-node';
import {
  type Beacon,
  beaconIntervalMs,
  type DeviceDescription,
  type TrainerStatus,
  type WorkerId,
} from '@tributary/protocol';

export interface BeaconSource {
  readonly trainer: TrainerStatus | null;
  readonly confirmedDead: Readonly<Record<string, number>>;
}

/** Sends this agent's beacon twice a second and at once on a change. */
export class BeaconSender {
  readonly #connection: NatsConnection;
  readonly #subject: string;
  readonly #worker: WorkerId;
  readonly #device: DeviceDescription;
  readonly #source: () => BeaconSource;
  readonly #incarnation = randomUUID();
  readonly #timer: NodeJS.Timeout;
  #sequence = 0;
  #draining = false;
  #soon: NodeJS.Immediate | null = null;

  constructor(
    options: { readonly subject: string; readonly worker: WorkerId; readonly device: DeviceDescription },
    deps: { readonly connection: NatsConnection; readonly source: () => BeaconSource },
  ) {
    this.#connection = deps.connection;
    this.#subject = options.subject;
    this.#worker = options.worker;
    this.#device = options.device;
    this.#source = deps.source;
    this.#timer = setInterval(() => this.#sendNow(), beaconIntervalMs);
    this.#sendNow();
  }

  /** Tells of a change at once; of changes that come together (an agent's first look at all runs) once. */
  send(): void {
    this.#soon ??= setImmediate(() => this.#sendNow());
  }

  #sendNow(): void {
    if (this.#soon !== null) clearImmediate(this.#soon);
    this.#soon = null;
    const { trainer, confirmedDead } = this.#source();
    const beacon: Beacon = {
      worker: this.#worker,
      sequence: this.#sequence++,
      incarnation: this.#incarnation,
      sentAtMs: Date.now(),
      host: hostname(),
      pid: process.pid,
      device: this.#device,
      trainer,
      confirmedDead,
      draining: this.#draining,
    };
    this.#connection.publish(this.#subject, JSON.stringify(beacon));
  }

  /** Says from now on that this worker leaves: no new generation should be placed here, and its lanes should move. */
  drain(): void {
    this.#draining = true;
    this.#sendNow();
  }

  /** Says so a last time, and falls silent. */
  close(): void {
    clearInterval(this.#timer);
    this.drain();
  }
}

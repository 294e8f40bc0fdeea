import type { NatsConnection } from '@nats-io/transport-node';
import type { Client } from '@temporalio/client';
import type { ObjectStore, StackLinks } from '@tributary/protocol';
import type { RunDatabase } from '@tributary/run-store';
import type { Metrics } from '@tributary/telemetry';

export interface ApiOptions {
  /** Namespace of NATS names, and Temporal's task queue. */
  readonly namespace: string;
  readonly token: string;
  readonly links: StackLinks;
  /** Largest uploaded file. Default 256 MiB. */
  readonly maxUploadBytes?: number;
  /** How long a worker may take to generate. Default 60 s. */
  readonly generateTimeoutMs?: number;
  /** Between heartbeats of an event stream. Default 5 s. */
  readonly heartbeatMs?: number;
}

export interface ApiDeps {
  readonly db: RunDatabase;
  /** The same database for what users ask of it: connections of their own, whose statements are given up after a time. */
  readonly reads: RunDatabase;
  readonly nats: NatsConnection;
  readonly objects: ObjectStore;
  readonly temporal: Client;
  /** Told of queries; default: nobody is. */
  readonly metrics?: Metrics;
}

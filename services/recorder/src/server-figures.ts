import { setTimeout as delay } from 'node:timers/promises';
import { type Db, postgresFigures } from '@tributary/run-store';
import { repeatedly } from '@tributary/service-runtime';
import type { Logger, Metrics } from '@tributary/telemetry';
import { natsIsAway, tellNats } from './nats-figures.js';
import { replaceCounts } from './replace-counts.js';

export interface ServerFiguresOptions {
  readonly db: Db;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Null: nats-server's figures are not told. */
  readonly natsMonitorUrl: string | null;
  /** Default 5 s. */
  readonly everyMs?: number;
}

const patienceMs = 5_000;

/** Tells how the servers do that have no metrics of their own. Returns how to end that. */
export function tellServers(options: ServerFiguresOptions): (() => Promise<void>)[] {
  const { db, metrics, logger, natsMonitorUrl, everyMs = 5_000 } = options;
  const stops = [
    repeatedly(
      "Postgres's figures",
      everyMs,
      () => orAway(tellPostgres(metrics, db), () => postgresIsAway(metrics)),
      logger,
    ),
  ];
  if (natsMonitorUrl !== null)
    stops.push(
      repeatedly(
        "nats-server's figures",
        everyMs,
        () => orAway(tellNats(metrics, natsMonitorUrl), () => natsIsAway(metrics)),
        logger,
      ),
    );
  return stops;
}

/** @throws what the work throws, once `away` has been told; also where it takes too long */
async function orAway(work: Promise<void>, away: () => void): Promise<void> {
  const over = new AbortController();
  const late = delay(patienceMs, undefined, { signal: over.signal }).then(() => {
    throw new Error(`no answer within ${patienceMs / 1_000} s`);
  });
  try {
    await Promise.race([work, late]);
  } catch (error) {
    away();
    throw error;
  } finally {
    over.abort();
    work.catch(() => undefined);
    late.catch(() => undefined);
  }
}

async function tellPostgres(metrics: Metrics, db: Db): Promise<void> {
  const figures = await postgresFigures(db);
  metrics.postgresUp.set(1);
  metrics.postgresConnections.reset();
  for (const [state, count] of Object.entries(figures.connections)) metrics.postgresConnections.set({ state }, count);
  metrics.postgresConnectionsLimit.set(figures.connectionsLimit);
  metrics.postgresDatabaseBytes.set(figures.databaseBytes);
  metrics.postgresOldestTransactionSeconds.set(figures.oldestTransactionSeconds);
  replaceCounts(metrics.postgresTransactionsTotal, [
    [{ outcome: 'committed' }, figures.committed],
    [{ outcome: 'rolled_back' }, figures.rolledBack],
  ]);
  replaceCounts(metrics.postgresDeadlocksTotal, [[{}, figures.deadlocks]]);
  replaceCounts(metrics.postgresBlocksTotal, [
    [{ outcome: 'hit' }, figures.blocksHit],
    [{ outcome: 'read' }, figures.blocksRead],
  ]);
}

function postgresIsAway(metrics: Metrics): void {
  metrics.postgresUp.set(0);
  metrics.postgresConnections.reset();
  for (const gauge of [
    metrics.postgresConnectionsLimit,
    metrics.postgresDatabaseBytes,
    metrics.postgresOldestTransactionSeconds,
  ])
    gauge.remove({});
}

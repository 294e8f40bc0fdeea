import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { Client } from '@temporalio/client';
import { type NativeConnection, Worker, type WorkflowBundleOption } from '@temporalio/worker';
import { gatherInventories } from '@tributary/checkpoints';
import { defaultLimits, type SupervisionLimits } from '@tributary/planner';
import { natsNames, type ObjectStore } from '@tributary/protocol';
import type { Db } from '@tributary/run-store';
import { repeatedly } from '@tributary/service-runtime';
import type { Logger, Metrics } from '@tributary/telemetry';
import { trainingActivities } from './activities/training-activities.js';
import { GenerationClocks } from './generation-clocks.js';
import { GenerationDocuments } from './generation-documents.js';
import { HeldRuns } from './held-runs.js';
import type { OrchestratorParts } from './orchestrator-parts.js';
import { PreparedRuns } from './prepared-runs.js';
import { reapEndedRuns } from './reap-ended-runs.js';
import { Roster } from './roster.js';
import { RunEvents } from './run-events.js';
import { RunGauges } from './run-gauges.js';
import { RunMetrics } from './run-metrics.js';
import { countSlots } from './slot-metrics.js';
import { keepWorkerRows } from './worker-rows.js';

/** Agents answer within milliseconds; one that does not may be on its way out. */
const inventoryTimeoutMs = 1_000;

export interface OrchestratorOptions {
  /** Of NATS names; also the Temporal task queue. */
  readonly namespace: string;
  readonly workflowBundle: WorkflowBundleOption;
  readonly supervisionLimits?: SupervisionLimits;
  /** Default 10 minutes. */
  readonly recorderPatienceMs?: number;
  /** Default 15 s. */
  readonly reapEveryMs?: number;
  /** How often what runs are and what their time went to is told and kept; default 5 s. */
  readonly accountEveryMs?: number;
  /** Age of an attempt from which it must have a workflow; default 60 s. */
  readonly reapAfterMs?: number;
}

/** Connections, which stay the caller's to close. */
export interface OrchestratorDeps {
  readonly db: Db;
  readonly nc: NatsConnection;
  readonly temporal: NativeConnection;
  readonly objects: ObjectStore;
  readonly metrics: Metrics;
  readonly log: Logger;
}

export interface Orchestrator {
  /** Settles when it has stopped: rejects if it stopped by itself. */
  readonly stopped: Promise<void>;
  /** Hands running activities over to another orchestrator and ends. Runs train on meanwhile. */
  stop(): Promise<void>;
}

/** Runs the workflows and activities of one installation, its roster of workers and its reaper. */
export async function startOrchestrator(options: OrchestratorOptions, deps: OrchestratorDeps): Promise<Orchestrator> {
  const { namespace } = options;
  const { db, nc, temporal, objects, log } = deps;
  const names = natsNames(namespace);
  const kvm = new Kvm(nc);
  const manager = await jetstreamManager(nc);
  const supervisionLimits = options.supervisionLimits ?? defaultLimits;
  const roster = new Roster(nc, names, supervisionLimits.silenceMs);
  const clocks = new GenerationClocks();
  const held = new HeldRuns();
  const gauges = new RunGauges({ db, metrics: deps.metrics, clocks, held });
  const parts: OrchestratorParts = {
    db,
    objects,
    generations: new GenerationDocuments(await kvm.open(names.generationsBucket)),
    endings: await kvm.open(names.endingsBucket),
    forgetEndings: async (run) => {
      const { endingsBucket } = names;
      await manager.streams.purge(`KV_${endingsBucket}`, { filter: `$KV.${endingsBucket}.${run}.>` });
    },
    inventories: (run, workers) =>
      gatherInventories({ connection: nc, names, run, workers, timeoutMs: inventoryTimeoutMs }),
    prepared: new PreparedRuns(objects),
    events: new RunEvents(jetstream(nc), names),
    roster,
    metrics: new RunMetrics(deps.metrics),
    gauges,
    clocks,
    held,
    log,
    supervisionLimits,
    recorderPatienceMs: options.recorderPatienceMs ?? 600_000,
  };
  const worker = await Worker.create({
    connection: temporal,
    taskQueue: namespace,
    workflowBundle: options.workflowBundle,
    activities: trainingActivities(parts),
    // Each run under way takes one for as long as it trains or waits.
    maxConcurrentActivityTaskExecutions: 10_000,
    // By heartbeats a cancellation arrives.
    maxHeartbeatThrottleInterval: '1 second',
    defaultHeartbeatThrottleInterval: '1 second',
    shutdownGraceTime: 0,
    // How long a killed orchestrator's workflows wait before another takes them.
    stickyQueueScheduleToStartTimeout: '3 seconds',
    reuseV8Context: true,
  });
  const client = new Client({ connection: temporal });
  roster.listen((beacon, atMs) => clocks.hear(beacon, atMs));
  const ends = [
    keepWorkerRows({ roster, db, log }),
    repeatedly(
      'the reaper of ended runs',
      options.reapEveryMs ?? 15_000,
      () => reapEndedRuns({ ...parts, client, startGraceMs: options.reapAfterMs ?? 60_000 }),
      log,
    ),
    repeatedly('the count of slots', 2_000, () => countSlots(deps.metrics, db, roster), log),
    repeatedly("the account of runs' time", options.accountEveryMs ?? 5_000, () => gauges.refresh(), log),
  ];
  const stopped = worker.run().finally(async () => {
    await Promise.all(ends.map((end) => end()));
    roster.close();
  });
  // Whoever holds the orchestrator may look at `stopped` later.
  stopped.catch(() => undefined);
  return {
    stopped,
    async stop() {
      if (worker.getState() === 'RUNNING') worker.shutdown();
      await stopped;
    },
  };
}

import { jetstream } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { gatherInventories } from '@tributary/checkpoints';
import { defaultLimits } from '@tributary/planner';
import { createLogger, createMetrics } from '@tributary/telemetry';
import { GenerationClocks } from '../src/generation-clocks.js';
import { HeldRuns } from '../src/held-runs.js';
import type { OrchestratorParts } from '../src/orchestrator-parts.js';
import { PreparedRuns } from '../src/prepared-runs.js';
import { Roster } from '../src/roster.js';
import { RunEvents } from '../src/run-events.js';
import { RunGauges } from '../src/run-gauges.js';
import { RunMetrics } from '../src/run-metrics.js';
import type { Installation } from './installation.js';

/** What activities work with, on an installation's real servers and without Temporal. Close its roster. */
export async function orchestratorParts(here: Installation): Promise<OrchestratorParts> {
  const { nc, names, objects } = here;
  const [db, metrics, clocks, held] = [here.openRelayed(), createMetrics(), new GenerationClocks(), new HeldRuns()];
  return {
    db,
    objects,
    generations: here.documents,
    endings: await new Kvm(nc).open(names.endingsBucket),
    forgetEndings: () => Promise.resolve(),
    inventories: (run, workers) => gatherInventories({ connection: nc, names, run, workers, timeoutMs: 1_000 }),
    prepared: new PreparedRuns(objects),
    events: new RunEvents(jetstream(nc), names),
    roster: new Roster(nc, names, defaultLimits.silenceMs),
    metrics: new RunMetrics(metrics),
    gauges: new RunGauges({ db, metrics, clocks, held }),
    clocks,
    held,
    log: createLogger({ service: 'test', level: 'silent' }),
    supervisionLimits: defaultLimits,
    recorderPatienceMs: 1_000,
  };
}

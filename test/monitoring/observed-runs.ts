import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunFileInput } from '@tributary/config';
import { prometheusUrl, purge, stackFoldersIn, startServers } from '@tributary/devstack';
import type { RunEvent } from '@tributary/protocol';
import { vi } from 'vitest';
import { fastFiles, fastRun } from '../support/fast-run.js';
import { type Installation, openInstallation } from '../support/installation.js';
import { trainersOf } from '../support/trainers-of.js';

/** Trains until it is cancelled, and evaluates, makes checkpoints and snapshots all the time. */
const lasting = {
  ...fastRun,
  experiment: 'observed',
  checkpoints: { every: 200, keep: 2 },
  snapshots: { every: 100 },
  evaluation: { every: 100, examples: 16, samples: 2 },
  workers: { min: 2, max: 2 },
  budget: { steps: 1_000_000 },
} satisfies RunFileInput;
/** The first update throws every weight so far that no loss is finite after it. */
const diverging = {
  ...fastRun,
  experiment: 'diverging',
  optimizer: { kind: 'sgd', learningRate: 1e38 },
  clip: null,
  evaluation: { every: 1_000_000 },
  workers: { min: 1, max: 1 },
  nonFinite: { limit: 4 },
} satisfies RunFileInput;
const neverFinite = {
  ...diverging,
  nonFinite: { limit: 1_000_000 },
  budget: { steps: 1_000_000 },
} satisfies RunFileInput;

const files = { 'reverse.jsonl': fastFiles['reverse.jsonl'], 'double.jsonl': fastFiles['double.jsonl'] };
const report = (): void => {};

/**
 * A whole installation with a Prometheus of its own, and in it a run that trains on through the loss of a trainer, one of which no
 * step is finite, one that finished, and one that failed.
 */
export async function observeRuns() {
  const fromMs = Date.now();
  const root = await mkdtemp(join(tmpdir(), 'tributary-dashboards-'));
  const folders = stackFoldersIn(root);
  const stack = await startServers(folders, { servers: ['prometheus'], report });
  let installation: Installation | undefined;
  const close = async (): Promise<void> => {
    await installation?.close();
    await purge({ folders, report });
    await rm(root, { recursive: true, force: true });
  };
  try {
    // Each of the steps that are not finite would be worth a warning.
    vi.stubEnv('TRIBUTARY_LOG_LEVEL', 'error');
    installation = await openInstallation(['a', 'b', 'c'], { TRIBUTARY_TARGETS_DIR: folders.targets });
    vi.unstubAllEnvs();
    const { temporalMetricsAddress } = installation.servers;
    const temporal = [{ targets: [temporalMetricsAddress], labels: { job: 'temporal' } }];
    await writeFile(join(folders.targets, 'temporal.json'), JSON.stringify(temporal));
    return { ...(await makeRuns(installation)), fromMs, prometheusUrl: prometheusUrl(stack), installation, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function makeRuns(installation: Installation) {
  const { launch, show, follow, untilRest } = installation;

  /** Returns once the run is between two snapshots: a trainer that is lost then takes steps with it. */
  const untilBetweenSnapshots = async (run: string): Promise<void> => {
    const reached = new Error('reached');
    try {
      await follow(run, (event: RunEvent) => {
        if (event.kind === 'progress' && event.step > 100 && event.step % 50 > 10 && event.step % 50 < 35)
          throw reached;
      });
    } catch (error) {
      if (error !== reached) throw error;
      return;
    }
    throw new Error(`${run} rests`);
  };

  const trained = await launch(lasting, files);
  const [finished, failed] = await Promise.all([
    launch({ ...fastRun, workers: { min: 1, max: 1 } }, files),
    launch(diverging, files),
  ]);
  const ends = await Promise.all([finished, failed].map((run) => untilRest(run)));
  const broken = await launch(neverFinite, files);
  await untilBetweenSnapshots(trained);

  const { generations } = await show(trained);
  const victim = generations.at(-1)?.members.at(-1)?.worker ?? '';
  const [trainer] = await trainersOf(installation.agents.get(victim)?.pid ?? 0);
  if (trainer === undefined) throw new Error(`worker ${victim} has no trainer`);
  process.kill(trainer, 'SIGKILL');

  return { runs: { trained, broken, finished, failed }, states: ends.map(({ state }) => state) };
}

export type ObservedRuns = Awaited<ReturnType<typeof observeRuns>>;

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunFileInput } from '@tributary/config';
import { prometheusUrl, purge, stackFoldersIn, startServers } from '@tributary/devstack';
import type { RunEvent } from '@tributary/protocol';
import { fastFiles, fastRun } from '../support/fast-run.js';
import { openInstallation } from '../support/installation.js';

/** Trains until it is cancelled, and evaluates, makes checkpoints and snapshots all the time. */
const lasting = {
  ...fastRun,
  experiment: 'observed',
  checkpoints: { every: 100, keep: 2 },
  snapshots: { every: 20 },
  evaluation: { every: 50, examples: 16, samples: 2 },
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
  const installation = await openInstallation(['a', 'b', 'c'], { TRIBUTARY_TARGETS_DIR: stack.folders.targets });
  const { launch, show, follow, call, untilRest } = installation;

  /** Returns once the run trains at `step` or later. */
  const untilStep = async (run: string, step: number): Promise<void> => {
    const reached = new Error('reached');
    try {
      await follow(run, (event: RunEvent) => {
        if (event.kind === 'progress' && event.step >= step) throw reached;
      });
    } catch (error) {
      if (error !== reached) throw error;
      return;
    }
    throw new Error(`${run} rests before step ${step}`);
  };

  const trained = await launch(lasting, fastFiles);
  const [finished, failed] = await Promise.all([
    launch({ ...fastRun, workers: { min: 1, max: 1 } }, fastFiles),
    launch(diverging, fastFiles),
  ]);
  const ends = await Promise.all([finished, failed].map((run) => untilRest(run)));
  const broken = await launch(neverFinite, fastFiles);
  await untilStep(trained, 50);

  // The process that trains, of one of its workers; the other child of the agent stands by.
  const { generations } = await show(trained);
  const victim = generations.at(-1)?.members.at(-1)?.worker ?? '';
  const agent = installation.agents.get(victim);
  if (agent === undefined) throw new Error(`no agent is called ${victim}`);
  const children = await readFile(`/proc/${agent.pid}/task/${agent.pid}/children`, 'utf8');
  const [trainer = 0] = children.trim().split(' ').map(Number);
  process.kill(trainer, 'SIGKILL');

  return {
    fromMs,
    prometheusUrl: prometheusUrl(stack),
    runs: { trained, broken, finished, failed },
    states: ends.map(({ state }) => state),
    installation,
    call,
    async close(): Promise<void> {
      await installation.close();
      await purge({ folders, report });
      await rm(root, { recursive: true, force: true });
    },
  };
}

export type ObservedRuns = Awaited<ReturnType<typeof observeRuns>>;

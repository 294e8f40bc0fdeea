import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { chaosJob } from './chaos/chaos-job.js';
import { trainUnderFaults, trainUnfailed, untilRest } from './chaos/chaos-run.js';
import { type ChaosStack, openChaosStack } from './chaos/chaos-stack.js';
import { checkRun } from './chaos/check-run.js';
import type { Fault } from './chaos/fault.js';
import { RunWatch } from './chaos/run-watch.js';

const steps = 120;
const report = (line: string): void => console.info(line);

/** One of each that takes seconds; the long schedules are `make chaos`. */
const faults: readonly Fault[] = [
  { kind: 'kill-trainer', worker: 'b' },
  { kind: 'recorder-point', point: 'batch-committed', count: 1 },
  { kind: 'repeat-messages', late: false },
  { kind: 'kill-agent', worker: 'a', awayS: 0.5 },
  { kind: 'restart-server', server: 'nats', signal: 'SIGKILL', awayS: 1 },
  { kind: 'trainer-point', worker: 'a', point: 'contributed', count: 2 },
  { kind: 'repeat-messages', late: true },
  { kind: 'kill-service', service: 'orchestrator', awayS: 0 },
  { kind: 'stop-worker', worker: 'b', stoppedS: 2 },
  { kind: 'cut-network', worker: 'c', cutS: 2 },
  { kind: 'corrupt-checkpoint', damage: 'truncated', awayS: 0.2 },
  { kind: 'clock-jump', process: 'trainer of b', hours: 30 },
];

describe('training outlives its infrastructure', () => {
  let stack: ChaosStack;
  let reference: string;
  let failed = false;

  beforeAll(async () => {
    stack = await openChaosStack({ workers: ['a', 'b', 'c'], farWorker: true, report });
    if (stack.farRefused !== null) report(`left out: cutting a network (${stack.farRefused})`);
    reference = (await trainUnfailed(stack, chaosJob(steps, 'unfailed'))).run;
  }, 300_000);
  // What failed is looked for in the logs.
  afterAll(() => stack?.close(failed));

  /** A run with what is asked of it at the end. */
  const openRun = async (name: string) => {
    onTestFailed(() => {
      failed = true;
      console.error(`the logs of the services: ${stack.folder}/logs`);
    });
    const spec = chaosJob(steps, name);
    const run = await stack.launch(spec);
    const watch = new RunWatch(stack.connection, stack.servers.namespace, run);
    const tasks = spec.tasks.map((task) => task.name);
    const conclude = async (): Promise<void> => {
      expect(await untilRest(stack, run, AbortSignal.timeout(120_000))).toBe('finished');
      watch.close();
      const check = await checkRun(stack, { run, reference, steps, tasks });
      expect(check).toMatchObject({ wrong: [], hashEqual: true, lostSteps: 0, duplicates: 0 });
      expect(check.hashesCompared).toBeGreaterThan(steps / 20);
    };
    return { watch, conclude };
  };
  const within = (seconds: number): AbortSignal => AbortSignal.timeout(seconds * 1000);

  it('ends with the same state after one fault of each kind', async () => {
    onTestFailed(() => {
      failed = true;
      console.error(`the logs of the services: ${stack.folder}/logs`);
    });
    const possible = faults.filter(({ kind }) => kind !== 'cut-network' || stack.far !== null);
    const strikes = possible.map((fault, index) => ({
      step: Math.round((steps * 0.9 * (index + 1)) / (possible.length + 1)),
      delayMs: 37 * index,
      fault,
    }));
    const spec = chaosJob(steps, 'struck');
    const result = await trainUnderFaults(stack, { spec, strikes, reference, report });
    expect(result).toMatchObject({ wrong: [], hashEqual: true, lostSteps: 0, duplicates: 0, faults: possible.length });
  }, 420_000);

  it('trains on while Temporal is away, and tells the end when it is back', async () => {
    const { watch, conclude } = await openRun('without-temporal');
    await watch.untilStep(10, within(60));
    await stack.servers.end('temporal', 'SIGKILL');
    await watch.untilStep(steps, within(120));
    await stack.servers.start('temporal');
    await conclude();
  }, 300_000);

  it('trains on while Postgres is away, also past the loss of a trainer, and loses no point', async () => {
    const { watch, conclude } = await openRun('without-postgres');
    await watch.untilStep(30, within(60));
    await stack.servers.end('postgres', 'SIGKILL');
    await watch.untilStep(50, within(60));
    const { generation } = watch;
    process.kill(stack.trainerOf('b') as number, 'SIGKILL');
    await watch.next((event) => event.phase === 'training' && event.generation > generation, within(60));
    await watch.untilStep(70, within(60));
    await stack.servers.start('postgres');
    await conclude();
  }, 300_000);
});

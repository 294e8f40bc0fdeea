import { setTimeout as delay } from 'node:timers/promises';
import type { RunFileInput } from '@tributary/config';
import { isResting } from '@tributary/protocol';
import type { ChaosStack } from './chaos-stack.js';
import { checkRun, type RunCheck } from './check-run.js';
import { describeFault, faultLabel, type Strike } from './fault.js';
import { MessageCapture } from './message-capture.js';
import { RunWatch } from './run-watch.js';
import { strikeFault } from './strike-fault.js';
import { unwrittenCheckpoints } from './unwritten-checkpoints.js';

/** No step for so long after a fault was mended: the run hangs. */
const hangMs = 180_000;

export interface Recovery {
  readonly kind: string;
  /** From the fault to the next step of the run; where lanes moved, of the generation that has them. */
  readonly seconds: number;
  /** Steps that were done before the fault and are not part of the generation after it. */
  readonly redone: number;
}

export interface ChaosRunResult extends RunCheck {
  readonly run: string;
  readonly faults: number;
  readonly recoveries: readonly Recovery[];
  readonly redoneSteps: number;
  readonly generations: number;
  /** From its first step to its end. */
  readonly seconds: number;
}

/** Trains a run without faults. @returns its id and the seconds from its first step to its end */
export async function trainUnfailed(stack: ChaosStack, spec: RunFileInput): Promise<{ run: string; seconds: number }> {
  const run = await stack.launch(spec);
  const watch = new RunWatch(stack.connection, stack.servers.namespace, run);
  try {
    const state = await untilRest(stack, run, AbortSignal.timeout(600_000));
    if (state !== 'finished') throw new Error(`the unfailed run ${run} is ${state}`);
    return { run, seconds: (performance.now() - (watch.firstStepAtMs ?? performance.now())) / 1000 };
  } finally {
    watch.close();
  }
}

export interface ChaosRunOptions {
  readonly spec: RunFileInput;
  readonly strikes: readonly Strike[];
  readonly reference: string;
  readonly report: (line: string) => void;
}

/** Trains a run while faults strike one after another, and holds it to the unfailed one. */
export async function trainUnderFaults(stack: ChaosStack, options: ChaosRunOptions): Promise<ChaosRunResult> {
  const { spec, strikes, reference, report } = options;
  const run = await stack.launch(spec);
  const watch = new RunWatch(stack.connection, stack.servers.namespace, run);
  const capture = new MessageCapture(stack.connection, stack.servers.namespace, run);
  const recoveries: Recovery[] = [];
  const troubles: string[] = [];
  const unwritten = new Set<number>();
  const ended = new AbortController();
  const rest = untilRest(stack, run, ended.signal);
  rest.then(
    (state) => ended.abort(new Error(`the run is ${state} before this fault was over`)),
    () => undefined,
  );
  try {
    for (const [index, strike] of strikes.entries()) {
      const place = `fault ${index + 1}/${strikes.length} (${describeFault(strike.fault)})`;
      const limit = AbortSignal.any([ended.signal, AbortSignal.timeout(hangMs)]);
      try {
        await watch.untilStep(strike.step, limit);
        if (index === 0) await capture.remember();
        await delay(strike.delayMs);
        const recovery = await strikeOnce(strike, limit);
        recoveries.push(recovery.measured);
        report(`  ${recovery.told}`);
      } catch (error) {
        const reason = limit.reason === undefined || ended.signal.aborted ? String(error) : 'no step within 180 s';
        troubles.push(`${place}: ${reason}`);
        report(`  ${troubles.at(-1)}`);
        if (!ended.signal.aborted) await mendAll(stack);
      }
    }
    const state = await Promise.race([rest, delay(300_000, null, { ref: false })]);
    if (state === null) {
      ended.abort(new Error('given up'));
      troubles.push('the run does not end within 300 s of its last fault');
    }
    const seconds = (performance.now() - (watch.firstStepAtMs ?? performance.now())) / 1000;
    await mendAll(stack);
    const check = await checkRun(stack, {
      run,
      reference,
      steps: spec.budget.steps ?? 0,
      tasks: spec.tasks.map(({ name }) => name),
      unwritten,
    });
    const generations = watch.generation;
    return {
      ...check,
      wrong: [...troubles, ...check.wrong],
      run,
      faults: recoveries.length,
      recoveries,
      redoneSteps: watch.redoneSteps(),
      generations,
      seconds,
    };
  } finally {
    watch.close();
    capture.close();
  }

  async function strikeOnce(strike: Strike, limit: AbortSignal): Promise<{ measured: Recovery; told: string }> {
    const struck = await strikeFault(strike.fault, { stack, run, capture, signal: limit });
    const { generation } = watch;
    const step = watch.step;
    const wait = new AbortController();
    const stepped = watch
      .next(
        (event) =>
          event.phase === 'training' &&
          (struck.moves ? event.generation > generation : event.generation > generation || event.step > step),
        AbortSignal.any([limit, wait.signal]),
      )
      .then((event) => ({ event, atMs: performance.now() }));
    // Mending is part of the fault; its failure is the driver's own.
    const mended = struck.mend();
    try {
      const [{ event, atMs }] = await Promise.all([stepped, mended]);
      const redone = event.generation > generation ? Math.max(0, step - event.step + 1) : 0;
      const measured = { kind: faultLabel(strike.fault), seconds: (atMs - struck.atMs) / 1000, redone };
      const moved =
        event.generation > generation ? `generation ${event.generation} from step ${event.step - 1}` : 'goes on';
      const note = struck.note === null ? '' : ` [${struck.note}]`;
      const told = `step ${step}: ${describeFault(strike.fault)}${note}: ${measured.seconds.toFixed(2)} s, ${moved}`;
      if (event.generation > generation)
        for (const lost of await unwrittenCheckpoints(stack, { run, reference, resumed: event.step - 1 })) {
          if (!unwritten.has(lost)) report(`  checkpoint ${lost} had not been written`);
          unwritten.add(lost);
        }
      // The next fault finds a run that has new ground.
      await watch.untilStep(step + 1, limit);
      return { measured, told };
    } finally {
      wait.abort(new Error('no longer waited for'));
      await mended;
    }
  }
}

/** Polls the run store, which may be away, until the run rests. */
export async function untilRest(stack: ChaosStack, run: string, signal: AbortSignal): Promise<string> {
  for (;;) {
    signal.throwIfAborted();
    const row = await stack.db
      .selectFrom('runs')
      .select('state')
      .where('run', '=', run)
      .executeTakeFirst()
      .catch(() => undefined);
    if (row !== undefined && isResting(row.state)) return row.state;
    await delay(300);
  }
}

/** Starts whatever does not run, so that the run can end. */
async function mendAll(stack: ChaosStack): Promise<void> {
  stack.far?.heal();
  for (const server of ['postgres', 'nats', 'temporal'] as const) await stack.servers.start(server);
  for (const service of Object.values(stack.services)) service.start();
  for (const [worker, agent] of stack.workers) if (!agent.running) await stack.startWorker(worker);
}

/** `make bench-recovery`: the loss of a training process beside torchrun's restart, at the same steps, on this machine. */
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { benchPython, repositoryRoot } from '@tributary/devstack';
import { chaosJob } from './chaos-job.js';
import { quantile } from './chaos-report.js';
import { trainUnderFaults, trainUnfailed } from './chaos-run.js';
import { openChaosStack } from './chaos-stack.js';
import { groundOf } from './fault-ground.js';
import { planStrikes } from './fault-schedule.js';
import { trainWithTorchrun } from './torchrun.js';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    kills: { type: 'string', default: '10' },
    steps: { type: 'string', default: '400' },
    every: { type: 'string', default: '5' },
    peer: { type: 'boolean', default: false },
  },
});
const report = (line: string): void => console.log(line);
const workers = ['a', 'b', 'c'];
const [seed, kills, steps, every] = [values.seed, values.kills, values.steps, values.every].map(Number) as [
  number,
  number,
  number,
  number,
];

const summaryOf = (seconds: readonly number[], lost: readonly number[]) => ({
  seconds_to_next_step: { median: quantile(seconds, 0.5), p95: quantile(seconds, 0.95), all: seconds },
  steps_lost: { median: quantile(lost, 0.5), most: Math.max(...lost), all: lost },
});

async function main(): Promise<number> {
  const strikes = planStrikes(
    { seed, run: 1, faults: kills, steps, kinds: ['kill-trainer'] },
    groundOf(workers, false),
  );
  const python = await benchPython({ report });
  report(`kill -9 of one of ${workers.length} training processes, ${kills} times; state is kept every ${every} steps`);
  const peer = await trainWithTorchrun({
    ...{ python, ranks: workers.length, steps, every, report },
    kills: strikes.map(({ step, delayMs, fault }) => ({
      ...{ step, delayMs },
      rank: fault.kind === 'kill-trainer' ? workers.indexOf(fault.worker) : 0,
    })),
  });
  const theirs = { ...summaryOf(peer.seconds, peer.lost), step_ms: peer.stepMs };
  if (values.peer) {
    report(JSON.stringify(theirs, null, 2));
    return 0;
  }
  const stack = await openChaosStack({ workers, farWorker: false, report });
  let healthy = false;
  try {
    const spec = { ...chaosJob(steps, 'recovery'), snapshots: { every } };
    const unfailed = await trainUnfailed(stack, spec);
    const result = await trainUnderFaults(stack, { spec, strikes, reference: unfailed.run, report });
    for (const line of result.wrong) report(`WRONG: ${line}`);
    healthy = result.wrong.length === 0;
    const ours = {
      ...summaryOf(
        result.recoveries.map(({ seconds }) => seconds),
        result.recoveries.map(({ redone }) => redone),
      ),
      step_ms: (unfailed.seconds * 1000) / steps,
      hash_equal: result.hashEqual,
    };
    const ratio = theirs.seconds_to_next_step.median / ours.seconds_to_next_step.median;
    for (const [name, of] of [
      ['tributary', ours],
      ['torchrun', theirs],
    ] as const)
      report(
        `${name.padEnd(10)} to the next step ${of.seconds_to_next_step.median.toFixed(2)} s (p95 ${of.seconds_to_next_step.p95.toFixed(2)} s), steps lost ${of.steps_lost.median} (most ${of.steps_lost.most}), a step ${of.step_ms.toFixed(0)} ms`,
      );
    report(`torchrun takes ${ratio.toFixed(1)} times as long`);
    const folder = join(repositoryRoot(), 'bench/out');
    await mkdir(folder, { recursive: true });
    const machine = { processor: cpus()[0]?.model ?? 'unknown', cores: cpus().length };
    const document = { machine, seed, kills, every, tributary: ours, torchrun: theirs, ratio };
    await writeFile(join(folder, 'recovery.json'), `${JSON.stringify(document, null, 2)}\n`);
    return healthy ? 0 : 1;
  } finally {
    await stack.close(!healthy);
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);

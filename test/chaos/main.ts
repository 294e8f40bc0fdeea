/** `make chaos`: runs under a seeded schedule of faults, held to a run without any. Options: `--help`. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { repositoryRoot } from '@tributary/devstack';
import { chaosJob } from './chaos-job.js';
import { summarize, tableOf } from './chaos-report.js';
import { type ChaosRunResult, trainUnderFaults, trainUnfailed } from './chaos-run.js';
import { type ChaosStack, openChaosStack } from './chaos-stack.js';
import { describeFault, type FaultKind } from './fault.js';
import { groundOf } from './fault-ground.js';
import { planStrikes } from './fault-schedule.js';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    runs: { type: 'string', default: '10' },
    faults: { type: 'string', default: '10' },
    steps: { type: 'string', default: '400' },
    kinds: { type: 'string' },
    first: { type: 'string', default: '1' },
    'dry-run': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const usage = `make chaos ARGS="…"
  --seed N      decides every schedule (default 1)
  --runs N      runs under faults (default 10)
  --faults N    faults of each run (default 10)
  --steps N     steps of each run (default 400)
  --kinds A,B   faults of these kinds only
  --first N     begin with the schedule of run N: replays a run that failed
  --dry-run     print the schedules alone
A clock jump moves JavaScript's clock (Date) of one process; a network is cut where this user may make network namespaces.`;
const report = (line: string): void => console.log(line);
const workers = ['a', 'b', 'c'];

let stack: ChaosStack | null = null;
const close = async (keep: boolean): Promise<void> => {
  const closing = stack;
  stack = null;
  await closing?.close(keep);
};
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)
  process.once(signal, () => {
    close(true).then(
      () => process.exit(code),
      () => process.exit(code),
    );
  });

async function main(): Promise<number> {
  if (values.help) {
    report(usage);
    return 0;
  }
  const seed = Number(values.seed);
  const [runs, faults, steps, first] = [values.runs, values.faults, values.steps, values.first].map(Number) as [
    number,
    number,
    number,
    number,
  ];
  const kinds = values.kinds?.split(',') as FaultKind[] | undefined;
  const strikesOf = (run: number, far: boolean) =>
    planStrikes({ seed, run, faults, steps, ...(kinds ? { kinds } : {}) }, groundOf(workers, far));
  report(`chaos: seed ${seed}, ${runs} runs of ${faults} faults and ${steps} steps`);
  if (values['dry-run']) {
    for (let run = first; run < first + runs; run++)
      for (const { step, delayMs, fault } of strikesOf(run, true))
        report(`run ${run}: after step ${step} and ${delayMs} ms: ${describeFault(fault)}`);
    return 0;
  }
  const results: ChaosRunResult[] = [];
  const unfailedSeconds: number[] = [];
  const leftOut = new Set<string>();
  let reference: string | null = null;
  for (let run = first; run < first + runs; run++) {
    if (stack === null || reference === null) {
      stack = await openChaosStack({ workers, farWorker: true, report });
      if (stack.farRefused !== null) leftOut.add(`cutting a network: no network namespace here (${stack.farRefused})`);
      const unfailed = await trainUnfailed(stack, chaosJob(steps, 'unfailed'));
      report(`the unfailed run ${unfailed.run} took ${unfailed.seconds.toFixed(1)} s`);
      reference = unfailed.run;
      unfailedSeconds.push(unfailed.seconds);
    }
    const strikes = strikesOf(run, stack.far !== null);
    report(`run ${run} of seed ${seed}; replay it: make chaos ARGS="${replayArguments(run)}"`);
    for (const { step, delayMs, fault } of strikes)
      report(`  after step ${step} and ${delayMs} ms: ${describeFault(fault)}`);
    const result = await trainUnderFaults(stack, { spec: chaosJob(steps, `chaos-${run}`), strikes, reference, report });
    results.push(result);
    report(
      `  ${result.run}: ${result.faults} faults, ${result.hashesCompared} hashes ${result.hashEqual ? 'equal' : 'NOT EQUAL'} (${result.checkpointsMissing} checkpoints and ${result.snapshotsMissing} snapshots not there), ${result.generations} generations, ${result.redoneSteps} steps redone, ${result.seconds.toFixed(1)} s`,
    );
    if (result.wrong.length > 0) {
      for (const line of result.wrong) report(`  WRONG: ${line}`);
      report(`  its logs: ${stack.folder}/logs`);
      await close(true);
    }
  }
  if (stack !== null) {
    // Once more: a machine's speed changes in the course of an hour.
    const unfailed = await trainUnfailed(stack, chaosJob(steps, 'unfailed-again'));
    report(`the unfailed run ${unfailed.run} took ${unfailed.seconds.toFixed(1)} s`);
    unfailedSeconds.push(unfailed.seconds);
  }
  await close(false);
  const summary = summarize({
    seed,
    results,
    unfailedSeconds: unfailedSeconds.reduce((total, value) => total + value, 0) / unfailedSeconds.length,
    leftOut: [...leftOut],
  });
  for (const line of tableOf(summary)) report(line);
  const folder = join(repositoryRoot(), 'bench/out');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'chaos.json'), `${JSON.stringify(summary, null, 2)}\n`);
  report(`written: ${join(folder, 'chaos.json')}`);
  return summary.cases.every(({ wrong }) => wrong.length === 0) ? 0 : 1;

  function replayArguments(run: number): string {
    const chosen = values.kinds === undefined ? '' : ` --kinds ${values.kinds}`;
    return `--seed ${seed} --first ${run} --runs 1 --faults ${faults} --steps ${steps}${chosen}`;
  }
}

main().then(
  (code) => process.exit(code),
  async (error: unknown) => {
    console.error(error);
    if (stack !== null) console.error(`logs: ${stack.folder}/logs`);
    await close(true);
    process.exit(1);
  },
);

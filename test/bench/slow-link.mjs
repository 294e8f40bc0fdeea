/**
 * Two workers with a slow link between them: dense fp32, dense int8, and DiLoCo; and the same on loopback. Writes
 * bench/out/slow-link.json.
 *
 * Each worker is the real trainer in a network namespace of its own, the nats-server stands beside the first; a token bucket sets
 * the rate of the link, a proxy its delay. Throughput is measured on both; the final loss comes from the loopback run, because a link
 * never changes the result: the state hash of the run over the link, at the step where it ends, is that of the loopback run.
 *
 *   node test/bench/slow-link.mjs [--rate 50] [--delay 40] [--steps 800] [--slow-steps 100] [--inner-steps 50] [--cases dense-fp32,diloco]
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { activity, disturbing, machine } from './engine/machine.mjs';
import { printTable } from './shared/print-table.mjs';
import { startPrivateNats } from './shared/private-nats.mjs';
import { ProcessGroup } from './shared/process-group.mjs';
import { quartiles } from './shared/quartiles.mjs';
import { listOf, numbersOf, report, runBench } from './shared/run-bench.mjs';
import { inNamespace, nearAddress, openFarNamespace, runInNamespace } from './slow-link/namespaces.mjs';
import { lanes, runFileOf } from './slow-link/run-file.mjs';
import { openGround, seriesOf, stateHashes } from './training/ground.mjs';
import { Trainers } from './training/trainers.mjs';

const names = ['dense-fp32', 'dense-int8', 'diloco'];
const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: names.join(',') },
    // Mbit/s, both ways.
    rate: { type: 'string', default: '50' },
    // Milliseconds, each way.
    delay: { type: 'string', default: '40' },
    steps: { type: 'string', default: '800' },
    // Of dense training over the link.
    'slow-steps': { type: 'string', default: '100' },
    'inner-steps': { type: 'string', default: '50' },
    'diloco-codec': { type: 'string', default: 'fp32' },
    'outer-lr': { type: 'string', default: '1' },
    'outer-momentum': { type: 'string', default: '0.5' },
    hidden: { type: 'string', default: '128' },
    batch: { type: 'string', default: '256' },
    tasks: { type: 'string', default: 'tasks' },
    out: { type: 'string', default: 'bench/out/slow-link.json' },
  },
});
const number = (name) => numbersOf(values[name], name)[0];
const [rateMbit, delayMs, steps, slowSteps, innerSteps] = ['rate', 'delay', 'steps', 'slow-steps', 'inner-steps'].map(
  number,
);
const sizes = {
  hidden: number('hidden'),
  batch: number('batch'),
  tasks: listOf(values.tasks, 'tasks', Object.keys(lanes))[0],
};

const syncs = {
  'dense-fp32': { strategy: 'all-reduce', codec: 'fp32' },
  'dense-int8': { strategy: 'all-reduce', codec: 'int8' },
  diloco: {
    strategy: 'diloco',
    codec: values['diloco-codec'],
    innerSteps,
    outer: { lr: Number(values['outer-lr']), momentum: Number(values['outer-momentum']) },
  },
};

const rounded = (value, digits) => Number(value.toFixed(digits));
const mean = (list) => list.reduce((sum, value) => sum + value, 0) / list.length;

/** Mean over the tasks of a series' last values. */
function lastOf(series, name, count) {
  const lists = [...series].filter(([key]) => key.startsWith('task:') && key.endsWith(` ${name}`));
  if (lists.length === 0) return null;
  return mean(
    lists.map(([, values]) =>
      mean(
        [...values]
          .sort(([a], [b]) => a - b)
          .slice(-count)
          .map(([, value]) => value),
      ),
    ),
  );
}

/** Trains to `budget` steps; at least two windows of ten steps, or two rounds. @param launchers where the members run */
async function train({ name, place, budget, every }, { nats, ground, launchers }) {
  const startedMs = performance.now();
  const sync = syncs[name];
  const window = sync.strategy === 'diloco' ? innerSteps : 1;
  const prepared = await ground.prepare(runFileOf(sync, { steps: budget, every, ...sizes }));
  const document = ground.documentOf(
    prepared,
    prepared.lanes.map(({ lane }) => [lane]),
  );
  const trainers = new Trainers({ nats, document, launchers });
  let lastSaid = performance.now();
  for (let step = window; step <= budget; step += window) {
    await trainers.reached(step);
    if (performance.now() - lastSaid < 10_000) continue;
    lastSaid = performance.now();
    report(`${name} ${place}: step ${step} of ${budget}`);
  }
  await trainers.ended();
  // Windows of some steps, since batches are not all of one shape; the first of them is no measurement.
  const size = window === 1 ? Math.max(1, Math.min(10, Math.floor(budget / 8))) : window;
  const done = Array.from({ length: Math.floor(budget / size) }, (_, index) => trainers.doneAtMs((index + 1) * size));
  const windowMs = done.slice(1).map((at, index) => (at - done[index]) / size);
  const stepMs = (done.at(-1) - done[0]) / size / (done.length - 1);
  const records = await ground.recordsOf(prepared.run);
  const series = seriesOf(records);
  const tokens = records.reduce((sum, record) => sum + (record.kind === 'points' ? record.tokens : 0), 0) / budget;
  const seconds = (performance.now() - startedMs) / 1000;
  report(
    `${name} ${place}: ${budget} steps in ${seconds.toFixed(0)} s, ${((1000 * tokens) / stepMs).toFixed(0)} tokens/s`,
  );
  return {
    steps: budget,
    tokens_per_s: Math.round((1000 * tokens) / stepMs),
    tokens_per_s_quartiles: quartiles(windowMs)
      .reverse()
      .map((each) => Math.round((1000 * tokens) / each)),
    step_ms: rounded(stepMs, 2),
    train_loss: lastOf(series, 'train.loss', 50),
    held_out_loss: lastOf(series, 'test.loss', 1),
    hashes: stateHashes(records),
  };
}

async function measureCase(name, context) {
  const dense = name.startsWith('dense');
  const onLink = dense ? slowSteps : steps;
  const loopback = await train(
    { name, place: 'on loopback', budget: steps, every: onLink },
    { ...context, launchers: [] },
  );
  const link = await train({ name, place: 'over the link', budget: onLink, every: onLink }, context);
  const hash = link.hashes.get(onLink);
  if (hash === undefined || hash !== loopback.hashes.get(onLink))
    throw new Error(
      `${name}: the state at step ${onLink} over the link is ${hash}, on loopback ${loopback.hashes.get(onLink)}`,
    );
  const sync = syncs[name];
  return {
    name,
    codec: sync.codec,
    inner_steps: sync.strategy === 'diloco' ? innerSteps : 1,
    rate_mbit: rateMbit,
    delay_ms: delayMs,
    tokens_per_s: link.tokens_per_s,
    tokens_per_s_quartiles: link.tokens_per_s_quartiles,
    step_ms: link.step_ms,
    steps_on_link: onLink,
    loopback_tokens_per_s: loopback.tokens_per_s,
    loopback_tokens_per_s_quartiles: loopback.tokens_per_s_quartiles,
    kept: rounded(link.tokens_per_s / loopback.tokens_per_s, 3),
    steps,
    train_loss: rounded(loopback.train_loss, 4),
    held_out_loss: rounded(loopback.held_out_loss, 4),
    same_state_at_step: onLink,
    state_hash: hash,
  };
}

/** Compares with dense fp32, where that was run. */
function withDense(cases) {
  const dense = cases.find(({ name }) => name === 'dense-fp32');
  return cases.map((each) => ({
    ...each,
    kept_of_dense_loopback: dense ? rounded(each.tokens_per_s / dense.loopback_tokens_per_s, 3) : null,
    held_out_loss_vs_dense: dense ? rounded(each.held_out_loss / dense.held_out_loss - 1, 4) : null,
  }));
}

const percent = (share, digits = 0) => (share === null ? undefined : `${(100 * share).toFixed(digits)} %`);
const columns = [
  ['case', -10, ({ name }) => name],
  ['tokens/s', 8, ({ tokens_per_s }) => String(tokens_per_s)],
  ['quartiles', 13, ({ tokens_per_s_quartiles }) => tokens_per_s_quartiles.join('..')],
  ['loopback', 8, ({ loopback_tokens_per_s }) => String(loopback_tokens_per_s)],
  ['kept', 6, ({ kept }) => percent(kept)],
  ['of dense', 8, ({ kept_of_dense_loopback }) => percent(kept_of_dense_loopback)],
  ['train loss', 10, ({ train_loss }) => train_loss.toFixed(4)],
  ['held out', 8, ({ held_out_loss }) => held_out_loss.toFixed(4)],
  ['vs dense', 8, ({ held_out_loss_vs_dense }) => percent(held_out_loss_vs_dense, 1)],
];

await runBench(async () => {
  const chosen = listOf(values.cases, 'cases', names);
  if (chosen.includes('diloco') && steps % innerSteps !== 0)
    throw new Error(`--steps must be a multiple of --inner-steps, ${innerSteps}`);
  if (slowSteps < 8 || steps % slowSteps !== 0)
    throw new Error('--steps must be a multiple of --slow-steps, which is at least 8: the states are compared there');
  if (!inNamespace()) {
    process.exit(await runInNamespace());
  }
  const farCommand = await openFarNamespace({ rateMbit });
  const nats = await startPrivateNats();
  const proxy = new ProcessGroup([
    {
      command: [process.execPath, fileURLToPath(new URL('slow-link/delay-proxy.mjs', import.meta.url))],
      job: { listen: nearAddress, port: nats.port, delayMs },
    },
  ]);
  await proxy.next();
  const ground = await openGround(nats);
  const launchers = [undefined, { url: `nats://${nearAddress}:${nats.port}`, command: farCommand }];
  const idle = await activity();
  const results = [];
  for (const name of chosen) {
    results.push(await measureCase(name, { nats, ground, launchers }));
    mkdirSync(dirname(values.out), { recursive: true });
    const document = {
      machine: { ...machine(), others_before: idle.busy, disturbed: idle.busy > disturbing },
      cases: withDense(results),
    };
    writeFileSync(values.out, `${JSON.stringify(document, null, 2)}\n`);
  }
  printTable(columns, withDense(results));
  console.log(
    `Two workers, ${rateMbit} Mbit/s and ${delayMs} ms each way between them. tokens/s over the link, and what it kept of the same case and of dense fp32 on loopback.\n` +
      `Losses: nats a token after ${steps} steps of a worker (of loopback runs: the states at the last step over the link are the same).`,
  );
  report(`written to ${values.out}`);
});

/**
 * Does a combiner help? The words tasks together, combined in several ways, and each alone: held-out scores of several seeds. One
 * worker hosts all lanes of a run; two runs go side by side. Finished runs are kept in bench/out/combiners.json and skipped the next
 * time, so an interrupted study goes on. The table is printed and written to bench/out/combiners.md.
 *
 * Each run is a real trainer process with a real nats-server, as an agent starts it; Postgres and Temporal take no part.
 *
 *   node test/bench/study-combiners.mjs [--seeds 1,2,3] [--methods "pcgrad;cagrad"] [--steps 700] [--at-once 2]
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { runFileSchema } from '@tributary/config';
import { machine } from './engine/machine.mjs';
import { startPrivateNats } from './shared/private-nats.mjs';
import { numbersOf, report, runBench } from './shared/run-bench.mjs';
import { methods, runFileOf, tasks } from './study/methods.mjs';
import { markdown, summaries } from './study/summary.mjs';
import { openGround, seriesOf, stateHashes } from './training/ground.mjs';
import { Trainers } from './training/trainers.mjs';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1,2,3' },
    // Names may hold commas.
    methods: { type: 'string', default: methods.map(({ name }) => name).join(';') },
    steps: { type: 'string', default: '700' },
    hidden: { type: 'string', default: '128' },
    batch: { type: 'string', default: '64' },
    'at-once': { type: 'string', default: '2' },
    out: { type: 'string', default: 'bench/out' },
  },
});
const seeds = numbersOf(values.seeds, 'seeds');
const settings = {
  steps: numbersOf(values.steps, 'steps')[0],
  hidden: numbersOf(values.hidden, 'hidden')[0],
  batch: numbersOf(values.batch, 'batch')[0],
};
const chosen = values.methods.split(';').map((name) => {
  const found = methods.find((method) => method.name === name);
  if (found === undefined)
    throw new Error(
      `--methods takes a list, with ; between, of ${methods.map((each) => each.name).join('; ')}; not "${name}"`,
    );
  return found;
});
const file = join(values.out, 'combiners.json');

/** Runs of other settings stay in the file, but are not of this study. */
const stored = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).runs : [];
const sameSettings = (run) => Object.entries(settings).every(([name, value]) => run.settings[name] === value);

function write() {
  mkdirSync(dirname(file), { recursive: true });
  const cases = summaries(stored.filter(sameSettings));
  // Whole or not at all: an interruption never loses a finished run.
  writeFileSync(`${file}.new`, `${JSON.stringify({ machine: machine(), settings, cases, runs: stored }, null, 2)}\n`);
  renameSync(`${file}.new`, file);
  const table = markdown(cases, { steps: settings.steps, seeds });
  writeFileSync(join(values.out, 'combiners.md'), table);
  return table;
}

async function takeRun({ method, seed }, { nats, ground }) {
  const startedMs = performance.now();
  const input = runFileOf(method, seed, settings);
  const prepared = await ground.prepare(input);
  const lanes = prepared.lanes.map(({ lane }) => lane);
  const trainers = new Trainers({ nats, document: ground.documentOf(prepared, [lanes]) });
  await trainers.ended();
  const records = await ground.recordsOf(prepared.run);
  const series = seriesOf(records);
  const scoreOf = (task, name) => {
    const value = series.get(`task:${task} test.${name}`)?.get(settings.steps);
    if (!Number.isFinite(value)) throw new Error(`${method.name}, seed ${seed}: no test.${name} of task ${task}`);
    return value;
  };
  const of = tasks.filter(({ name }) => method.tasks.includes(name));
  const run = {
    method: method.name,
    seed,
    settings,
    scores: Object.fromEntries(of.map(({ name, metric }) => [name, scoreOf(name, metric)])),
    losses: Object.fromEntries(of.map(({ name }) => [name, scoreOf(name, 'loss')])),
    state_hash: stateHashes(records).get(settings.steps),
    run_file_sha256: createHash('sha256').update(JSON.stringify(prepared.spec)).digest('hex'),
    seconds: Number(((performance.now() - startedMs) / 1000).toFixed(1)),
  };
  stored.push(run);
  write();
  return run;
}

await runBench(async () => {
  const done = (method, seed) =>
    stored.some((run) => run.method === method.name && run.seed === seed && sameSettings(run));
  // Seed by seed: an interrupted study has whole rows.
  const wanted = seeds.flatMap((seed) => chosen.map((method) => ({ method, seed })));
  const missing = wanted.filter(({ method, seed }) => !done(method, seed));
  // A mistake in a run file is told at once, not after an hour.
  for (const { method, seed } of missing) runFileSchema.parse(runFileOf(method, seed, settings));
  report(
    `${wanted.length - missing.length} of ${wanted.length} runs are there; up to 90 s each, ${values['at-once']} at a time`,
  );
  if (missing.length > 0) {
    const nats = await startPrivateNats();
    const ground = await openGround(nats);
    const queue = [...missing];
    let count = wanted.length - missing.length;
    const takeAll = async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const { scores, seconds } = await takeRun(next, { nats, ground });
        count += 1;
        const said = Object.entries(scores).map(([task, rate]) => `${task} ${(100 * rate).toFixed(2)} %`);
        report(
          `${count}/${wanted.length}  ${next.method.name}, seed ${next.seed}: ${said.join(', ')} (${seconds.toFixed(0)} s)`,
        );
      }
    };
    await Promise.all(Array.from({ length: numbersOf(values['at-once'], 'at-once')[0] }, takeAll));
  }
  console.log(write());
  report(`written to ${file} and ${join(values.out, 'combiners.md')}`);
});

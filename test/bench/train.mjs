/**
 * Training on 2 workers of one thread each beside PyTorch's DistributedDataParallel over Gloo: same model, parameters, batch,
 * optimizer and clipping, in turn. Writes bench/out/train.json.
 *
 * Ours is the real trainer, one process a worker as its agent starts it: compute thread, exchange over a nats-server, optimizer,
 * records. One task with a replica a worker, so that the exchange gives the mean, as DDP does.
 *
 *   node test/bench/train.mjs [--cases gru-small,gru-large] [--codecs fp32,bf16,int8] [--rounds 5] [--seconds 3] [--skip-compile]
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runFileSchema } from '@tributary/config';
import { benchPython, cacheFolder } from '@tributary/devstack';
import { createSequenceModel } from '@tributary/models';
import { cases, optimizer } from './engine/cases.mjs';
import { activity, disturbing, machine } from './engine/machine.mjs';
import { writeParameters } from './engine/parameters.mjs';
import { printTable } from './shared/print-table.mjs';
import { startPrivateNats } from './shared/private-nats.mjs';
import { ProcessGroup } from './shared/process-group.mjs';
import { median, quartiles } from './shared/quartiles.mjs';
import { atEnd, listOf, numbersOf, report, runBench } from './shared/run-bench.mjs';
import { runFileOf, syntheticFiles } from './train/synthetic-pairs.mjs';
import { openGround } from './training/ground.mjs';
import { Trainers } from './training/trainers.mjs';

const groups = ['gru-small', 'gru-large'];
const codecs = ['fp32', 'bf16', 'int8'];
/** Of PyTorch modules, and of few large products: see peers/gru.py. */
const forms = ['modules', 'products'];
const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: groups.join(',') },
    codecs: { type: 'string', default: codecs.join(',') },
    workers: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '5' },
    // Of one contestant in one round.
    seconds: { type: 'string', default: '3' },
    'skip-compile': { type: 'boolean', default: false },
    out: { type: 'string', default: 'bench/out/train.json' },
  },
});
const options = {
  cases: listOf(values.cases, 'cases', groups).map((group) => cases.find(({ name }) => name === `${group}-float32`)),
  codecs: listOf(values.codecs, 'codecs', codecs),
  workers: numbersOf(values.workers, 'workers')[0],
  rounds: numbersOf(values.rounds, 'rounds')[0],
  seconds: numbersOf(values.seconds, 'seconds')[0],
};
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** PyTorch's processes take steps on request. */
class Ddp {
  #group;

  constructor(benchCase, { form, mode, python, folder, parameters }) {
    this.name = `ddp-${mode}-${form}`;
    const { sizes, shape } = benchCase;
    const job = { size: options.workers, store: join(folder, `${benchCase.name}-${this.name}`), clip: 1 };
    this.#group = new ProcessGroup(
      Array.from({ length: options.workers }, (_, member) => ({
        command: [python, here('peers/ddp.py')],
        job: { ...job, member, form, mode, sizes, shape, parameters, optimizer },
        environment: {
          OMP_NUM_THREADS: '1',
          MKL_NUM_THREADS: '1',
          GLOO_SOCKET_IFNAME: 'lo',
          TORCHINDUCTOR_CACHE_DIR: join(cacheFolder(), 'torch-inductor'),
          PYTHONDONTWRITEBYTECODE: '1',
        },
      })),
    );
  }

  async first() {
    const [{ loss, parameters, version }] = await this.#group.next();
    return { loss, parameters, version };
  }

  /** Milliseconds of each step, of the slowest rank, and processor seconds of a step, all processes together. */
  async take(steps) {
    const answers = await this.#group.ask({ steps: steps + 1 });
    const ms = answers[0].ms.map((_, step) => Math.max(...answers.map((each) => each.ms[step])));
    const cpu = answers.reduce((sum, { cpu_ms }) => sum + cpu_ms, 0) / 1000;
    // The first step of a round finds the caches full of another contestant's data.
    return { ms: ms.slice(1), cpu };
  }

  end = () => this.#group.kill();
}

/** Our trainers run on by themselves; between rounds their processes are stopped. */
class Ours {
  #trainers;
  #nats;

  constructor(codec, { document, nats }) {
    this.name = `tributary-${codec}`;
    this.codec = codec;
    this.#nats = nats;
    this.#trainers = new Trainers({ nats, document });
  }

  async first() {
    await this.#trainers.reached(2);
    this.#trainers.pause();
    return {};
  }

  async take(steps) {
    const trainers = this.#trainers;
    const cpuBefore = trainers.cpuSeconds + this.#nats.cpuSeconds();
    const stepBefore = trainers.step;
    trainers.goOn();
    // Where they were stopped within a step, that step is no measurement; nor is the next, begun with cold caches.
    const from = trainers.step + 2;
    await trainers.reached(from + steps);
    trainers.pause();
    const cpu = (trainers.cpuSeconds + this.#nats.cpuSeconds() - cpuBefore) / (trainers.step - stepBefore);
    const done = Array.from({ length: steps + 1 }, (_, index) => trainers.doneAtMs(from + index));
    return { ms: done.slice(1).map((at, index) => at - done[index]), cpu };
  }

  end = () => this.#trainers.kill();
}

/** PyTorch's formulation that takes less time here. */
async function fasterForm(contestants) {
  const times = [];
  for (const form of forms) {
    const { program } = contestants.find(({ program: { name } }) => name === `ddp-eager-${form}`);
    times.push(median((await program.take(7)).ms));
  }
  return forms[times[0] <= times[1] ? 0 : 1];
}

/** The parameters that PyTorch begins with: those of our model. @returns their file */
function initialParameters(benchCase, input, folder) {
  const spec = runFileSchema.parse(input);
  const model = createSequenceModel({
    model: spec.model,
    precision: benchCase.precision,
    sourceVocabulary: benchCase.vocabulary,
    tasks: [{ name: 'bench', targetVocabulary: benchCase.vocabulary, generator: undefined, labelSmoothing: 0 }],
  });
  const task = model.task('bench');
  const path = join(folder, benchCase.name);
  writeParameters(path, [
    { layout: model.sharedLayout, values: model.initialShared(spec.seed), prefix: 'shared/' },
    { layout: task.layout, values: task.initial(spec.seed), prefix: 'task/' },
  ]);
  return path;
}

async function measureCase(benchCase, { nats, ground, python, folder }) {
  const { name, vocabulary, shape } = benchCase;
  const tokens = options.workers * shape.batch * shape.target;
  const files = syntheticFiles(benchCase, Math.max(512, Math.ceil(vocabulary / (shape.target - 1)) + 1));
  const inputOf = (codec) => runFileOf(benchCase, { codec, replicas: options.workers, optimizer });
  const parameters = initialParameters(benchCase, inputOf('fp32'), folder);
  const contestants = [];
  const absent = {};
  const start = async (what, usually, make) => {
    report(`${name}: ${what} starts and takes its first steps (usually ${usually})`);
    let program;
    try {
      program = make();
      const first = await program.first();
      contestants.push({ program, first, count: 2, rounds: [], cpu: [] });
    } catch (error) {
      await program?.end();
      if (!what.startsWith('ddp-compile')) throw error;
      absent[what] = error.message.split('\n').at(-1);
      report(`${name}: ${what} does not run: ${absent[what]}`);
    }
  };
  try {
    for (const codec of options.codecs) {
      const prepared = await ground.prepare(inputOf(codec), files);
      const seen = prepared.lanes.map(({ lane }) => [lane]);
      await start(
        `tributary-${codec}`,
        '10 s',
        () => new Ours(codec, { nats, document: ground.documentOf(prepared, seen) }),
      );
    }
    const ddp = (form, mode) => () => new Ddp(benchCase, { form, mode, python, folder, parameters });
    for (const form of forms) await start(`ddp-eager-${form}`, '5 s', ddp(form, 'eager'));
    if (!values['skip-compile']) {
      // A graph unrolled over all symbols compiles for minutes: only the form that is faster without.
      const form = await fasterForm(contestants);
      await start(`ddp-compile-${form}`, '1 to 5 minutes, less once cached', ddp(form, 'compile'));
    }
    for (const { program, first } of contestants)
      if (first.loss !== undefined && Math.abs(first.loss - Math.log(vocabulary)) > 0.15 * Math.log(vocabulary) + 0.3)
        throw new Error(`${name}: ${program.name} begins with a loss of ${first.loss}: not the same model`);
    for (let round = 0; round <= options.rounds; round++) {
      for (const contestant of contestants) {
        const { ms, cpu } = await contestant.program.take(contestant.count);
        // The first round only tells how many steps a round has.
        if (round === 0)
          contestant.count = Math.max(3, Math.min(400, Math.round((1000 * options.seconds) / median(ms))));
        else {
          contestant.rounds.push(ms);
          contestant.cpu.push(cpu);
        }
      }
      if (round > 0) report(`${name}: round ${round} of ${options.rounds}`);
    }
  } finally {
    for (const { program } of contestants) await program.end();
  }
  return { tokens, contestants, absent };
}

const rounded = (number, digits) => Number(number.toFixed(digits));

function casesOf(benchCase, { tokens, contestants, absent }) {
  const perSecond = (ms) => (1000 * tokens) / ms;
  const summary = ({ program, rounds, cpu, first }) => {
    const all = rounds.flat();
    return {
      name: program.name,
      ms: rounded(median(all), 2),
      ms_quartiles: quartiles(all).map((ms) => rounded(ms, 2)),
      tokens_per_s: Math.round(perSecond(median(all))),
      cpu_s: rounded(median(cpu), 4),
      steps: all.length,
      ...first,
    };
  };
  const peers = contestants.filter(({ program }) => program.name.startsWith('ddp-'));
  const best = (prefix) =>
    peers
      .filter(({ program }) => program.name.startsWith(prefix))
      .sort((a, b) => median(a.rounds.flat()) - median(b.rounds.flat()))[0];
  // Round by round, which ran one after the other: what both met falls out.
  const ratio = (own, peer) =>
    peer === undefined
      ? null
      : rounded(median(peer.rounds.map((ms, index) => median(ms) / median(own.rounds[index]))), 3);
  const eager = best('ddp-eager');
  const compiled = best('ddp-compile');
  return contestants
    .filter(({ program }) => program.codec !== undefined)
    .map((own) => {
      const { ms, ms_quartiles, tokens_per_s, cpu_s, steps } = summary(own);
      return {
        name: benchCase.group,
        title: benchCase.title,
        workers: options.workers,
        threads: 1,
        codec: own.program.codec,
        // Target positions a second of all workers together.
        tokens_per_s,
        ratio_vs_ddp: ratio(own, eager),
        ratio_vs_ddp_compile: ratio(own, compiled),
        ms,
        ms_quartiles,
        steps,
        cpu_s,
        ddp_tokens_per_s: summary(eager).tokens_per_s,
        ddp_ms: summary(eager).ms,
        ddp_ms_quartiles: summary(eager).ms_quartiles,
        ddp_compile_tokens_per_s: compiled === undefined ? null : summary(compiled).tokens_per_s,
        ddp: peers.map(summary),
        absent,
      };
    });
}

const span = (quartilesMs) => quartilesMs.map((ms) => ms.toFixed(0)).join('..');
const columns = [
  ['case', -10, ({ name }) => name],
  ['codec', -5, ({ codec }) => codec],
  ['tokens/s', 8, ({ tokens_per_s }) => String(tokens_per_s)],
  ['ms', 7, ({ ms }) => ms.toFixed(1)],
  ['quartiles', 11, ({ ms_quartiles }) => span(ms_quartiles)],
  ['CPU ms', 7, ({ cpu_s }) => (1000 * cpu_s).toFixed(0)],
  ['DDP tokens/s', 12, ({ ddp_tokens_per_s }) => String(ddp_tokens_per_s)],
  ['quartiles', 11, ({ ddp_ms_quartiles }) => span(ddp_ms_quartiles)],
  ['vs DDP', 6, ({ ratio_vs_ddp }) => ratio_vs_ddp.toFixed(2)],
  ['vs compiled', 11, ({ ratio_vs_ddp_compile }) => ratio_vs_ddp_compile?.toFixed(2)],
];

await runBench(async () => {
  const python = await benchPython({ report });
  const folder = mkdtempSync(join(tmpdir(), 'tributary-bench-train-'));
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  const nats = await startPrivateNats();
  const ground = await openGround(nats);
  const idle = await activity();
  const results = [];
  for (const benchCase of options.cases) {
    results.push(...casesOf(benchCase, await measureCase(benchCase, { nats, ground, python, folder })));
    mkdirSync(dirname(values.out), { recursive: true });
    const document = {
      machine: { ...machine(), others_before: idle.busy, disturbed: idle.busy > disturbing },
      cases: results,
    };
    writeFileSync(values.out, `${JSON.stringify(document, null, 2)}\n`);
  }
  printTable(columns, results);
  console.log(
    'Target tokens of both workers. vs: our tokens/s over those of the best form of DistributedDataParallel; above 1 Tributary is faster.',
  );
  if (idle.busy > disturbing)
    console.log('Other programs took more than a tenth of the processors: not a measurement to go by.');
  report(`written to ${values.out}`);
});

/**
 * The gradient exchange beside Gloo: same sizes, same machine, in turn; and beside a naive all-reduce over the same NATS.
 * Writes bench/out/sync.json.
 *
 *   node test/bench/sync.mjs [--processes 2,4] [--mb 4.7,20,83] [--codecs fp32,bf16,int8] [--rounds 4] [--steps 5] [--no-pcgrad] [--no-naive]
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { benchPython } from '@tributary/devstack';
import { activity, disturbing, machine } from './engine/machine.mjs';
import { startPrivateNats } from './shared/private-nats.mjs';
import { ProcessGroup } from './shared/process-group.mjs';
import { median, quartiles } from './shared/quartiles.mjs';
import { atEnd, listOf, numbersOf, report, runBench } from './shared/run-bench.mjs';
import { printSyncTable } from './sync/table.mjs';

/** What the issue names: a small model's, a middle one's and the benchmark model's shared gradient. */
const knownElements = { 4.7: 1_183_040, 20: 5_000_000, 83: 20_855_104 };
const codecs = ['fp32', 'bf16', 'int8'];
/** One scale (float32) for 1,024 elements of one byte. */
const bytesAnElement = { fp32: 4, bf16: 2, int8: 1 + 4 / 1024 };
const warmUpSteps = 3;
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const { values } = parseArgs({
  options: {
    processes: { type: 'string', default: '2,4' },
    mb: {
      type: 'string',
      default: Object.keys(knownElements)
        .sort((a, b) => a - b)
        .join(','),
    },
    codecs: { type: 'string', default: codecs.join(',') },
    rounds: { type: 'string', default: '4' },
    steps: { type: 'string', default: '5' },
    'no-pcgrad': { type: 'boolean', default: false },
    'no-naive': { type: 'boolean', default: false },
    out: { type: 'string', default: 'bench/out/sync.json' },
  },
});

const options = {
  processes: numbersOf(values.processes, 'processes'),
  sizes: numbersOf(values.mb, 'mb'),
  codecs: listOf(values.codecs, 'codecs', codecs),
  rounds: numbersOf(values.rounds, 'rounds')[0],
  steps: numbersOf(values.steps, 'steps')[0],
};

/** Above it the naive exchange, which has no flow control, overruns what the server holds for a client, and waits for ever. */
const mostNaiveMb = 40;

/** The contestants of one size, in the order of a round. */
function contestantsOf(processes, mb) {
  const exchange = (codec, combiner, tasks) => ({ kind: 'exchange', codec, combiner, tasks });
  return [
    { kind: 'gloo', operation: 'avg' },
    { kind: 'gloo', operation: 'sum' },
    ...options.codecs.map((codec) => exchange(codec, 'weighted', 1)),
    ...(values['no-pcgrad'] ? [] : options.codecs.map((codec) => exchange(codec, 'pcgrad', processes))),
    ...(values['no-naive'] || mb > mostNaiveMb ? [] : [{ kind: 'naive', codec: 'fp32' }]),
  ].map((contestant) => ({ ...contestant, ms: [], rounds: [], bytes: [], cpu: [], broker: [], about: null }));
}

/** One round of one contestant: so many steps after the warm-up, of which nothing is counted. */
async function takeRound(contestant, { gloo, exchange, naive, nats }) {
  const { kind, operation, ...benchCase } = contestant;
  const count = options.steps;
  let answers;
  let brokerSeconds = 0;
  if (kind === 'gloo') {
    await gloo.ask({ operation, count: warmUpSteps });
    answers = await gloo.ask({ operation, count });
  } else {
    const subject = `tributary.main.exchange.bench-${randomUUID()}.1.1`;
    const { codec, combiner, tasks } = benchCase;
    const members = kind === 'naive' ? naive : exchange;
    await members.ask({ kind: 'open', subject, case: { kind, codec, combiner, tasks } });
    await members.ask({ kind: 'steps', count: warmUpSteps });
    const before = nats.cpuSeconds();
    answers = await members.ask({ kind: 'steps', count });
    brokerSeconds = (nats.cpuSeconds() - before) / count;
    await members.ask({ kind: 'close' });
  }
  const sum = (field) => answers.reduce((total, each) => total + each[field], 0);
  // A step is over when its last process has the result.
  const ms = answers[0].ms.map((_, step) => Math.max(...answers.map((each) => each.ms[step])));
  contestant.ms.push(...ms);
  contestant.rounds.push(median(ms));
  contestant.bytes.push(sum('bytes'));
  contestant.cpu.push(sum('cpu_s'));
  contestant.broker.push(brokerSeconds);
  contestant.about = answers[0];
}

async function measureSize(processes, mb, { nats, python, folder }) {
  const elements = knownElements[mb] ?? Math.round((mb * 1e6) / 4);
  const store = join(folder, `store-${processes}-${mb}`);
  const of = (command, job, environment) =>
    Array.from({ length: processes }, (_, member) => ({
      command,
      environment,
      job: { member, size: processes, elements, ...job },
    }));
  const gloo = new ProcessGroup(
    of(
      [python, here('peers/gloo.py')],
      { store },
      { OMP_NUM_THREADS: '1', MKL_NUM_THREADS: '1', GLOO_SOCKET_IFNAME: 'lo', PYTHONDONTWRITEBYTECODE: '1' },
    ),
  );
  const { url, user, password } = nats;
  // A trainer's own flags (see services/worker), and the collector on request.
  const flags = ['--max-semi-space-size=128', '--min-semi-space-size=64', '--expose-gc'];
  const ours = () =>
    new ProcessGroup(of([process.execPath, ...flags, here('sync/member.mjs')], { url, user, password }));
  const exchange = ours();
  const naive = ours();
  const groups = { gloo, exchange, naive, nats };
  try {
    await Promise.all([gloo.next(), exchange.next(), naive.next()]);
    let contestants = contestantsOf(processes, mb);
    for (let round = 1; round <= options.rounds; round++) {
      for (const contestant of contestants) {
        try {
          await takeRound(contestant, groups);
        } catch (error) {
          if (contestant.kind !== 'naive') throw error;
          report(`${processes} processes, ${mb} MB: the naive exchange does not get through (${error.message})`);
          contestants = contestants.filter((each) => each !== contestant);
        }
      }
      report(`${processes} processes, ${mb} MB: round ${round} of ${options.rounds}`);
    }
    return { elements, contestants };
  } finally {
    await Promise.all([gloo.kill(), exchange.kill(), naive.kill()]);
  }
}

const round = (number, digits) => (number === null ? null : Number(number.toFixed(digits)));

function casesOf(processes, mb, { elements, contestants }) {
  const gloo = contestants.find(({ operation }) => operation === 'avg');
  const glooSum = contestants.find(({ operation }) => operation === 'sum');
  const naive = contestants.find(({ kind }) => kind === 'naive');
  const msOf = (contestant) => (contestant?.ms.length ? median(contestant.ms) : null);
  // Round by round: what both met falls out.
  const ratio = (own, peer) => round(median(own.rounds.map((ms, index) => ms / peer.rounds[index])), 3);
  return contestants
    .filter(({ kind, ms }) => kind === 'exchange' && ms.length > 0)
    .map((own) => {
      const bytes = median(own.bytes);
      const plain = processes * elements * bytesAnElement[own.codec];
      return {
        codec: own.codec,
        processes,
        mb,
        elements,
        tasks: own.tasks,
        combiner: own.combiner,
        ms: round(msOf(own), 2),
        ms_quartiles: quartiles(own.ms).map((ms) => round(ms, 2)),
        steps: own.ms.length,
        // What all processes together write to their sockets for one step: payload, heads, requests and NATS protocol lines.
        bytes_on_wire: Math.round(bytes),
        // Over one reduce-scatter a lane and one broadcast, in this codec.
        bytes_ratio: round(bytes / plain, 4),
        ratio_vs_gloo: ratio(own, gloo),
        ratio_vs_gloo_sum: ratio(own, glooSum),
        gloo_ms: round(msOf(gloo), 2),
        gloo_ms_quartiles: quartiles(gloo.ms).map((ms) => round(ms, 2)),
        gloo_sum_ms: round(msOf(glooSum), 2),
        gloo_bytes_on_wire: Math.round(median(gloo.bytes)),
        gloo_cpu_s: round(median(gloo.cpu), 4),
        naive_ms: round(msOf(naive), 2),
        clients_cpu_s: round(median(own.cpu), 4),
        broker_cpu_s: round(median(own.broker), 4),
        phases_ms: phasesOf(own.about.phases),
        asks_repeated: own.about.counters.asksRepeated,
        // No peer keeps the tasks' gradients apart.
        peer: own.tasks === 1 ? 'the same mean' : 'none: Gloo gives the mean',
      };
    });
}

const phasesOf = (phases) =>
  Object.fromEntries(
    Object.keys(phases[0] ?? {}).map((name) => [name, round(median(phases.map((each) => each[name])), 2)]),
  );

await runBench(async () => {
  const python = await benchPython({ report });
  const folder = mkdtempSync(join(tmpdir(), 'tributary-bench-sync-'));
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  const nats = await startPrivateNats();
  const idle = await activity();
  const cases = [];
  for (const processes of options.processes)
    for (const mb of options.sizes) {
      cases.push(...casesOf(processes, mb, await measureSize(processes, mb, { nats, python, folder })));
      // An interrupted comparison keeps its finished sizes.
      mkdirSync(dirname(values.out), { recursive: true });
      const document = {
        machine: { ...machine(), others_before: idle.busy, disturbed: idle.busy > disturbing },
        cases,
      };
      writeFileSync(values.out, `${JSON.stringify(document, null, 2)}\n`);
    }
  printSyncTable(cases);
  if (idle.busy > disturbing)
    console.log('Other programs took more than a tenth of the processors: not a measurement to go by.');
  report(`written to ${values.out}`);
});

import { fileURLToPath } from 'node:url';
import { batchOf, optimizer } from './cases.mjs';
import { Contestant } from './contestant.mjs';
import { totals } from './machine.mjs';
import { median, pairedRatios, summary } from './statistics.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Steps of one round take about this long. */
const roundMs = 1500;
const warmUpSteps = 2;
/** By how far a first loss may lie from that of the same model elsewhere, nats. */
const sameLoss = { float32: 1e-3, bf16: 2e-2 };

const commands = ({ python }) => ({
  tributary: () => [process.execPath, here('tributary-step.mjs')],
  tfjs: () => [process.execPath, here('tfjs-step.mjs')],
  torch: () => [python, here('../peers/step.py')],
});

/**
 * One case: each contestant in a process of its own, all started and warmed up, then rounds in turn.
 *
 * @param {{ python: string, threads: number, rounds: number, contestants: readonly object[], environment: object, parameters: string, report: (line: string) => void }} options
 */
export async function race(benchCase, options) {
  const { threads, rounds, environment, parameters, report } = options;
  const { source, target } = batchOf(benchCase);
  const running = [];
  const absent = {};
  let others = 0;
  try {
    for (const { id, program, usually, ...settings } of options.contestants) {
      report(`${benchCase.name}: ${id} starts and takes its first step (usually ${usually})`);
      const job = { case: benchCase.name, threads, parameters, ...settings };
      if (program === 'torch')
        Object.assign(job, {
          family: benchCase.family,
          sizes: benchCase.sizes,
          shape: benchCase.shape,
          precision: benchCase.precision,
          source: [...source],
          target: [...target],
          optimizer,
        });
      const contestant = new Contestant(commands(options)[program](), job, environment);
      try {
        const first = await contestant.next();
        const { ms } = await contestant.steps(warmUpSteps);
        const count = Math.min(60, Math.max(2, Math.round(roundMs / median(ms))));
        running.push({ id, contestant, first, count, rounds: [], cpu: [], loss: first.loss });
      } catch (error) {
        await contestant.end();
        absent[id] = error.message;
        report(`${benchCase.name}: ${id} does not run: ${error.message}`);
        if (program === 'tributary') break;
      }
    }
    checkSameModel(benchCase, running);
    if (running[0]?.id === 'tributary') {
      const seconds = (running.length * rounds * roundMs * 1.2) / 1000;
      report(`${benchCase.name}: ${rounds} rounds of ${running.length} contestants (about ${Math.ceil(seconds)} s)`);
      const before = totals();
      for (let round = 0; round < rounds; round++) {
        for (const each of running) {
          // The first step of a round finds the caches full of another contestant's data.
          const { ms, loss, cpu_ms } = await each.contestant.steps(each.count + 1);
          each.rounds.push(ms.slice(1));
          each.cpu.push(cpu_ms);
          each.loss = loss;
        }
      }
      others = othersShare(before, totals(), running);
    }
  } finally {
    for (const { contestant } of running) await contestant.end();
  }
  const own = running.find(({ id }) => id === 'tributary');
  return {
    absent,
    others,
    contestants: Object.fromEntries(
      running
        .filter((each) => each.rounds.length > 0)
        .map(({ id, first, rounds: times, cpu, loss }) => [
          id,
          {
            ...first,
            ...summary(times),
            cpu_ms: median(cpu),
            last_loss: loss,
            against: pairedRatios(times, own.rounds),
          },
        ]),
    ),
  };
}

/** Share of all processor time in the rounds that went to neither contestant. */
function othersShare(before, after, running) {
  const own = running.reduce(
    (sum, { cpu, count }) => sum + cpu.reduce((total, each) => total + each * (count + 1), 0),
    0,
  );
  return Math.max(0, after.busy - before.busy - own) / Math.max(1, after.all - before.all);
}

/** The same model from the same parameters on the same batch has the same loss, near that of a uniform guess. */
function checkSameModel({ name, vocabulary, precision, sizes }, running) {
  const expected = Math.log(vocabulary);
  for (const { id, first } of running) {
    if (Math.abs(first.loss - expected) > 0.15 * expected + 0.3)
      throw new Error(`${name}: ${id} begins with a loss of ${first.loss}, far from ln V = ${expected.toFixed(3)}`);
  }
  const [own, ...peers] = running;
  // Dropout masks differ, and with them the losses.
  if (own === undefined || (sizes.dropout ?? 0) > 0) return;
  for (const { id, first } of peers) {
    const allowed = sameLoss[precision];
    if (Math.abs(first.loss - own.first.loss) > allowed)
      throw new Error(
        `${name}: the first loss of ${id} is ${first.loss}, of tributary ${own.first.loss}: not the same model`,
      );
  }
}

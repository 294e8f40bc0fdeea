// Processor time of generating by each search, on models of the sizes that examples have, untrained: every output runs to its full
// length. Evaluation's greedy generation stands beside them. Alternating rounds. Writes bench/out/generation.json.
//
//   node test/bench/generation.mjs [--rounds 5] [--sources 1,64] [--length 32]
import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { runFileSchema } from '@tributary/config';
import { allocateVectors, openBackend } from '@tributary/engine';
import { createSequenceModel } from '@tributary/models';
import { machine } from './engine/machine.mjs';
import { median } from './engine/statistics.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    sources: { type: 'string', default: '1,64' },
    length: { type: 'string', default: '32' },
  },
});
const rounds = Number(values.rounds);
const maxLength = Number(values.length);
const vocabulary = 4000;
const sourceLength = 40;

const transformer = { kind: 'transformer', width: 256, layers: 4, heads: 4 };
const models = {
  'gru 256': {},
  'transformer 256x4': { embedding: { size: 256, share: 'all' }, encoder: transformer, generator: transformer },
};
const sample = { kind: 'sample', temperature: 1, topK: null, topP: 1, seed: 1 };
const searches = {
  greedy: { kind: 'greedy' },
  'beam 4': { kind: 'beam', width: 4, lengthPenalty: 0.6 },
  'top-k 50': { ...sample, topK: 50 },
  'top-p 0.9': { ...sample, topP: 0.9 },
};

const backend = await openBackend({ prefer: 'auto', device: 'cpu', threads: 1 });
const idsOf = (source) =>
  Int32Array.from({ length: sourceLength }, (_, i) => 4 + ((source * 31 + i * 7) % (vocabulary - 4)));

/** What generates for so many sources, by its name. */
function contestants(model, count) {
  const spec = runFileSchema.parse({
    experiment: 'bench',
    tasks: [{ name: 'a', data: { source: 'words', kind: 'spell' } }],
    budget: { steps: 1 },
    model,
  }).model;
  const sequence = createSequenceModel({
    model: spec,
    sourceVocabulary: vocabulary,
    tasks: [{ name: 'a', targetVocabulary: vocabulary, generator: undefined, labelSmoothing: 0 }],
  });
  const task = sequence.task('a');
  const [shared, own] = allocateVectors([sequence.sharedLayout.elements, task.layout.elements]);
  shared.set(sequence.initialShared(1));
  own.set(task.initial(1));
  // No output ends before its length.
  for (const { name, offset } of task.layout.entries) if (/^output\.\w*[bB]ias$/.test(name)) own[offset + 2] = -1e4;
  const parameters = { shared, task: own };
  const source = new Int32Array(count * 48);
  for (let row = 0; row < count; row++) source.set(idsOf(row), row * 48);
  const evaluation = task.generator(backend, { batch: count, source: 48 });
  const decoder = task.decoder(backend);
  const decode = (search) => {
    const options = { search, maxLength, nBest: 1, repetitionPenalty: 1, attention: false };
    const inputs = Array.from({ length: count }, (_, number) => ({ ids: idsOf(number), number, options }));
    return () => decoder.decode(parameters, inputs);
  };
  return {
    "evaluation's greedy": () => evaluation.generate(parameters, source, maxLength),
    ...Object.fromEntries(Object.entries(searches).map(([name, search]) => [name, decode(search)])),
  };
}

const cases = [];
for (const [model, spec] of Object.entries(models))
  for (const sources of values.sources.split(',').map(Number)) {
    const ways = contestants(spec, sources);
    const times = Object.fromEntries(Object.keys(ways).map((name) => [name, []]));
    for (let round = -1; round < rounds; round++)
      for (const [name, generate] of Object.entries(ways)) {
        const began = process.cpuUsage();
        await generate();
        const { user, system } = process.cpuUsage(began);
        // The first round traces.
        if (round >= 0) times[name].push((user + system) / 1_000);
      }
    for (const [search, own] of Object.entries(times)) {
      const cpuMs = median(own);
      const timesGreedy = cpuMs / median(times.greedy);
      cases.push({ model, sources, search, cpuMs, timesGreedy });
      console.log(
        `${model.padEnd(18)} ${String(sources).padStart(3)} sources  ${search.padEnd(20)} ${cpuMs.toFixed(0).padStart(6)} ms  ${timesGreedy.toFixed(2)} × greedy`,
      );
    }
  }
mkdirSync('bench/out', { recursive: true });
writeFileSync(
  'bench/out/generation.json',
  `${JSON.stringify({ machine: machine(), rounds, maxLength, cases }, null, 2)}\n`,
);
backend.dispose();

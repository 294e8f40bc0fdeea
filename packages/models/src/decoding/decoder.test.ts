import { type ComputeBackend, GraphCache, openBackend } from '@tributary/engine';
import { viewOf } from '@tributary/layout';
import type { SearchOptions } from '@tributary/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSequenceModel } from '../sequence-model.js';
import type { TaskParameters } from '../task-runs.js';
import { drawSymbols, tinyModels } from '../tiny-models.fixture.js';
import { lengthPenaltyOf } from './beam-search.js';
import type { DecodedOutput } from './decoder.js';
import { everyOutput, teacherForced } from './every-output.fixture.js';
import type { DecodingOptions } from './search.js';

let opened: ComputeBackend;
/** Of one model: its graphs are compiled once. */
let backend: GraphCache;
beforeAll(async () => {
  opened = await openBackend({ prefer: 'auto', device: 'cpu', threads: 1 });
});
afterAll(() => opened.dispose());
const ownGraphs = (): void => {
  beforeAll(() => {
    backend = new GraphCache(opened);
  });
  afterAll(() => backend.dispose());
};

/** Four special symbols and three that outputs are made of. */
const vocabulary = 7;
const build = (model: (typeof tinyModels)[0]['model']) => {
  const sequence = createSequenceModel({
    model,
    sourceVocabulary: vocabulary,
    tasks: [{ name: 'a', targetVocabulary: vocabulary, generator: undefined, labelSmoothing: 0 }],
  });
  const task = sequence.task('a');
  const spread = (values: Float32Array): Float32Array => values.map((value) => 3 * value);
  const parameters: TaskParameters = { shared: spread(sequence.initialShared(4)), task: spread(task.initial(4)) };
  return { task, parameters };
};
const greedy: SearchOptions = { kind: 'greedy' };
const beam = (width: number, lengthPenalty = 0): SearchOptions => ({ kind: 'beam', width, lengthPenalty });
const sample = (seed: number, more: object = {}): SearchOptions => ({
  ...{ kind: 'sample', temperature: 1.5, topK: null, topP: 1, seed },
  ...more,
});
const optionsOf = (search: SearchOptions, more: Partial<DecodingOptions> = {}): DecodingOptions => ({
  ...{ search, maxLength: 6, nBest: 1, repetitionPenalty: 1, attention: false },
  ...more,
});
/** Of two padded lengths. */
const sources = [3, 1, 8, 12, 5, 10, 2].map((length) =>
  Int32Array.from(drawSymbols(6, `source ${length}`, length, vocabulary)),
);
const symbolsOf = ({ ids, ended }: DecodedOutput): number[] => (ended ? [...ids, 2] : [...ids]);

describe.each(tinyModels)('decoding with $title', ({ model }) => {
  ownGraphs();
  const { task, parameters } = build(model);
  const decodeAll = async (options: DecodingOptions, list: readonly Int32Array[] = sources) => {
    const decoder = task.decoder(backend);
    const inputs = list.map((ids, number) => ({ ids, number, options }));
    const outputs = await decoder.decode(parameters, inputs);
    decoder.dispose();
    return outputs;
  };

  it('is greedy as evaluation is, as is a beam of 1, whatever its length penalty', async () => {
    const found = await decodeAll(optionsOf(greedy));
    expect(await decodeAll(optionsOf(beam(1)))).toEqual(found);
    const ofBeam = await decodeAll(optionsOf(beam(1, 1.5)));
    expect(ofBeam.map((outputs) => outputs.map(symbolsOf))).toEqual(found.map((outputs) => outputs.map(symbolsOf)));
    const source = new Int32Array(16 * sources.length);
    for (const [row, ids] of sources.entries()) source.set(ids, 16 * row);
    const generator = task.generator(backend, { batch: sources.length, source: 16 });
    const evaluated = await generator.generate(parameters, source, 6);
    generator.dispose();
    for (const [row, [output]] of found.entries()) {
      const symbols = symbolsOf(output as DecodedOutput);
      expect(symbols).toEqual([...evaluated.subarray(6 * row, 6 * (row + 1))].filter((id) => id !== 0));
      expect(output?.symbols).toBe(symbols.length);
    }
  });

  it('scores outputs by their log-likelihood under teacher forcing', async () => {
    const likelihood = teacherForced(task, backend, parameters, 6);
    for (const search of [greedy, beam(3), sample(2)]) {
      const found = await decodeAll(optionsOf(search, { nBest: search.kind === 'greedy' ? 1 : 3 }));
      for (const [index, outputs] of found.entries())
        for (const output of outputs) {
          const own = await likelihood(sources[index] as Int32Array, symbolsOf(output));
          expect(output.logProbability).toBeCloseTo(own, 4);
          expect(output.score).toBe(output.logProbability);
        }
    }
  });

  it('gives the same to the bit alone or among others, in any order, and other draws for another seed', async () => {
    for (const options of [
      optionsOf(greedy),
      optionsOf(beam(3, 0.6), { nBest: 2, repetitionPenalty: 1.3 }),
      optionsOf(sample(7, { topP: 0.9 }), { nBest: 2 }),
    ]) {
      const together = await decodeAll(options);
      const decoder = task.decoder(backend);
      const inputs = sources.map((ids, number) => ({ ids, number, options }));
      const alone = await Promise.all(inputs.map(async (input) => (await decoder.decode(parameters, [input]))[0]));
      expect(alone).toEqual(together);
      const many = [...inputs, ...inputs, ...inputs].reverse();
      expect((await decoder.decode(parameters, many)).slice(0, sources.length).reverse()).toEqual(together);
      decoder.dispose();
    }
    const texts = async (seed: number) =>
      (await decodeAll(optionsOf(sample(seed, { temperature: 20 })))).map(([output]) => (output as DecodedOutput).ids);
    expect(await texts(1)).toEqual(await texts(1));
    expect(await texts(1)).not.toEqual(await texts(2));
  });

  it('attends to the symbols of the source alone, each row summing to 1', async () => {
    for (const search of [greedy, beam(3), sample(3)])
      for (const [index, outputs] of (await decodeAll(optionsOf(search, { attention: true }))).entries())
        for (const { attention, symbols } of outputs) {
          expect(attention).toHaveLength(symbols);
          for (const row of attention ?? []) {
            expect(row).toHaveLength((sources[index] as Int32Array).length);
            expect(row.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 5);
            expect(row.every((weight) => weight >= 0)).toBe(true);
          }
        }
    const [[without]] = (await decodeAll(optionsOf(greedy))) as [[DecodedOutput]];
    expect(without.attention).toBeNull();
  });
});

describe.each([tinyModels[2], tinyModels[6], tinyModels[8], tinyModels[11]] as (typeof tinyModels)[number][])(
  'a wide beam with $title',
  ({ model }) => {
    ownGraphs();
    const { task, parameters } = build(model);
    const source = sources[0] as Int32Array;

    it('finds what exhaustive search finds', async () => {
      for (const [maxLength, width] of [
        [2, vocabulary],
        [3, vocabulary ** 2],
      ] as const) {
        const likelihood = teacherForced(task, backend, parameters, 3);
        const every = await everyOutput(likelihood, source, maxLength, vocabulary);
        const decoder = task.decoder(backend);
        for (const lengthPenalty of [0, 0.6, 2]) {
          const ranked = every
            .map(({ symbols, logProbability }) => ({
              symbols,
              score: logProbability / lengthPenaltyOf(symbols.length, lengthPenalty),
            }))
            .sort((a, b) => b.score - a.score);
          const nBest = maxLength === 2 ? 1 : every.length;
          const options = optionsOf(beam(width, lengthPenalty), { maxLength, nBest });
          const [found = []] = await decoder.decode(parameters, [{ ids: source, number: 0, options }]);
          expect(found.map(symbolsOf)).toEqual(ranked.slice(0, nBest).map(({ symbols }) => symbols));
          for (const [rank, { score }] of found.entries()) expect(score).toBeCloseTo(ranked[rank]?.score as number, 4);
        }
        decoder.dispose();
      }
    });

    it('draws first symbols as often as they are likely', async () => {
      const every = await everyOutput(teacherForced(task, backend, parameters, 3), source, 1, vocabulary);
      const total = every.reduce((sum, { logProbability }) => sum + Math.exp(logProbability), 0);
      const options = optionsOf(sample(5, { temperature: 1 }), { maxLength: 1 });
      const decoder = task.decoder(backend);
      const draws = 2_000;
      const inputs = Array.from({ length: draws }, (_, number) => ({ ids: source, number, options }));
      const drawn = await decoder.decode(parameters, inputs);
      decoder.dispose();
      const counts = new Map<number, number>();
      for (const [output] of drawn) {
        const [symbol] = symbolsOf(output as DecodedOutput) as [number];
        counts.set(symbol, (counts.get(symbol) ?? 0) + 1);
      }
      const chiSquare = every.reduce((sum, { symbols: [symbol], logProbability }) => {
        const share = (draws * Math.exp(logProbability)) / total;
        return sum + ((counts.get(symbol as number) ?? 0) - share) ** 2 / share;
      }, 0);
      // The 99.9% quantile for 3 degrees of freedom.
      expect(chiSquare).toBeLessThan(16.27);
    });
  },
);

describe('a repetition penalty', () => {
  ownGraphs();
  const { task, parameters } = build(tinyModels[3]?.model as (typeof tinyModels)[0]['model']);

  it('keeps a symbol from coming again where it is high', async () => {
    const own = parameters.task.slice();
    const bias = viewOf(task.layout, own, 'output.bias');
    bias.set([0, 0, -50, 0, 30, 20, 10]);
    const decoder = task.decoder(backend);
    const decode = async (search: SearchOptions, repetitionPenalty: number) => {
      const options = optionsOf(search, { maxLength: 3, repetitionPenalty });
      const [[output] = []] = await decoder.decode({ ...parameters, task: own }, [
        { ids: sources[0] as Int32Array, number: 0, options },
      ]);
      return output?.ids;
    };
    for (const search of [greedy, beam(2), sample(1, { topK: 1 })]) {
      expect(await decode(search, 1)).toEqual([4, 4, 4]);
      expect(await decode(search, 1000)).toEqual([4, 5, 6]);
    }
    decoder.dispose();
  });

  it('says so where the scores are not finite', async () => {
    const decoder = task.decoder(backend);
    const broken = { ...parameters, task: parameters.task.map(() => Number.NaN) };
    const input = { ids: sources[0] as Int32Array, number: 0, options: optionsOf(greedy) };
    await expect(decoder.decode(broken, [input])).rejects.toThrow('scores of task "a" are not finite');
    decoder.dispose();
  });
});

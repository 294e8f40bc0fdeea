import { type MetricName, type RunFileInput, runFileSchema } from '@tributary/config';
import { candidatesOf, prepareRun } from '@tributary/datasets';
import { type ComputeBackend, openBackend } from '@tributary/engine';
import type { RunId } from '@tributary/protocol';
import { corpusBleu, corpusChrf2, distinct, exactMatch, rouge } from '@tributary/quality';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evaluateTask } from './evaluation.js';
import { gradientVectors } from './lane-gradients.js';
import { fetchSplits } from './load-splits.js';
import { objectsInMemory } from './objects-in-memory.fixture.js';
import { modelOf } from './prepared-model.js';
import { TaskCompute } from './task-compute.js';

const words = 'tide river delta ebb flow bank reed silt'.split(' ');
/** Pairs of different lengths, whose target is the source backwards; every seventh source has two targets. */
const pairs = Array.from({ length: 60 }, (_, index) => {
  const source = Array.from({ length: 2 + (index % 7) }, (_, place) => words[(index * (place + 3) + place) % 8]);
  const target = [...source].reverse();
  return [
    { source: source.join(' '), target: target.join(' ') },
    ...(index % 7 === 0 ? [{ source: source.join(' '), target: `${target.join(' ')} .` }] : []),
  ];
}).flat();

async function computeOf(metrics: MetricName[], backend: ComputeBackend, lengths: RunFileInput['lengths'] = {}) {
  const data = { source: 'file', format: 'jsonl', path: 'p', validation: 'p', test: 'p' } as const;
  const spec = runFileSchema.parse({
    experiment: 'quality',
    model: { embedding: { size: 8 }, encoder: { hidden: 12 }, generator: { hidden: 12 }, attention: { size: 8 } },
    tasks: [{ name: 'reverse', data: { ...data, tokens: { target: 'whitespace' } }, metrics }],
    batch: { size: 8 },
    lengths,
    budget: { steps: 1 },
  });
  const objects = objectsInMemory();
  await objects.put('data/p', new TextEncoder().encode(pairs.map((pair) => JSON.stringify(pair)).join('\n')));
  const prepared = await prepareRun({ run: 'quality-1' as RunId, spec, files: { p: 'data/p' } }, { objects });
  const model = modelOf(prepared, spec);
  const task = model.task('reverse');
  const own = new Float32Array(new SharedArrayBuffer(task.layout.elements * 4));
  own.set(task.initial(1));
  const parameters = { shared: model.initialShared(1), task: own };
  const vectors = gradientVectors(prepared.lanes, model.sharedLayout.elements, () => task.layout.elements);
  const splits = await fetchSplits(prepared, ['reverse'], objects);
  const shared = [parameters.shared, parameters.shared] as const;
  const hosting = { prepared, lanes: prepared.lanes, splits, shared, tasks: { reverse: [own, own] as const } };
  const compute = new TaskCompute('reverse', { ...hosting, gradients: vectors }, spec, model, backend);
  /** Enough steps of gradient descent to say more than one word. */
  for (let step = 1; step <= 60; step++) {
    const into = vectors[0]?.[0] as (typeof vectors)[0][0];
    await compute.gradient({ lane: 0, microbatches: 1 }, step, parameters, into);
    for (const side of ['shared', 'task'] as const)
      into[side].forEach((value, i) => {
        parameters[side][i] = (parameters[side][i] as number) - 2 * value;
      });
  }
  const request = { task: compute, split: 'validation', parameters, limit: null, samples: 100 } as const;
  return { compute, parameters, evaluation: await evaluateTask({ ...request, onProgress: () => {} }) };
}

const textMetrics = ['bleu', 'chrf2', 'rouge1', 'rouge2', 'rougeL', 'distinct1', 'distinct2', 'exact_match'] as const;

describe('evaluateTask', () => {
  let backend: ComputeBackend;
  beforeAll(async () => {
    backend = await openBackend({ prefer: 'tensorflow', device: 'cpu', threads: 1 });
  });
  afterAll(() => backend.dispose());

  it('measures texts as its samples show them, and only what the run file names', async () => {
    const { evaluation } = await computeOf([...textMetrics, 'perplexity', 'word_error_rate'], backend);
    const { values, samples, examples } = evaluation;
    expect(samples.length).toBe(examples);
    expect(new Set(samples.map(({ generated }) => generated)).size).toBeGreaterThan(5);
    expect(samples.some(({ references }) => references.length > 1)).toBe(true);
    const hypotheses = samples.map(({ generated }) => generated);
    const references = samples.map((sample) => sample.references);
    expect(values).toEqual({
      loss: expect.any(Number),
      perplexity: Math.exp(values.loss as number),
      word_error_rate: 1 - exactMatch(hypotheses, references),
      bleu: corpusBleu(hypotheses, references),
      chrf2: corpusChrf2(hypotheses, references),
      rouge1: rouge('rouge1', hypotheses, references),
      rouge2: rouge('rouge2', hypotheses, references),
      rougeL: rouge('rougeL', hypotheses, references),
      distinct1: distinct(1, hypotheses),
      distinct2: distinct(2, hypotheses),
      exact_match: exactMatch(hypotheses, references),
    });
    expect(values.chrf2).toBeGreaterThan(5);
    expect(values.chrf2).toBeLessThan(100);
  });

  it('gives the same whatever batches the examples stand in', async () => {
    const { compute, parameters, evaluation } = await computeOf([...textMetrics, 'hits_at_1'], backend);
    const request = { task: compute, split: 'test', parameters, limit: null, samples: 100 } as const;
    const again = await evaluateTask({ ...request, onProgress: () => {} });
    expect(again.values).toEqual(evaluation.values);
    const fewer = await evaluateTask({ ...request, limit: 20, onProgress: () => {} });
    const shown = fewer.samples.map(({ index }) => index);
    expect(shown.length).toBe(20);
    const kept = evaluation.samples.filter(({ index }) => shown.includes(index));
    expect(fewer.samples.map(({ generated }) => generated)).toEqual(kept.map(({ generated }) => generated));
  });

  it('ranks each target among twenty by the mean loss of a token', async () => {
    const { compute, parameters, evaluation } = await computeOf(['hits_at_1'], backend);
    const split = compute.split('validation');
    const choose = candidatesOf(split);
    const longest = { source: 8, target: 10 };
    const evaluator = compute.evaluator({ batch: 1, ...longest });
    /** One row by itself. */
    const lossOf = async (example: number, pair: number) => {
      const source = new Int32Array(longest.source);
      source.set(split.source(example));
      const target = new Int32Array(longest.target + 1);
      target.set([1, ...split.target(pair), 2]);
      const { lossSum, tokens } = await evaluator.run(parameters, { source, target });
      return lossSum / tokens;
    };
    let hits = 0;
    for (let example = 0; example < split.length; example++) {
      const losses: number[] = [];
      for (const pair of choose(example)) losses.push(await lossOf(example, pair));
      if (losses.slice(1).every((loss) => loss > (losses[0] as number))) hits++;
    }
    expect(evaluation.values.hits_at_1).toBe(hits / split.length);
    expect(hits).toBeGreaterThan(0);
    expect(hits).toBeLessThan(split.length);
  });
});

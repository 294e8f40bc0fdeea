import { runFileSchema } from '@tributary/config';
import { prepareRun } from '@tributary/datasets';
import { type ComputeBackend, GraphCache, openBackend, type TraceEvent } from '@tributary/engine';
import type { RunId } from '@tributary/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evaluateTask } from './evaluation.js';
import { gradientsOf, gradientVectors } from './lane-gradients.js';
import { fetchSplits } from './load-splits.js';
import { objectsInMemory } from './objects-in-memory.fixture.js';
import { modelOf } from './prepared-model.js';
import { TaskCompute } from './task-compute.js';

/** 16 pairs, every source of 4 symbols and every target of 3. */
const pairs = Array.from({ length: 16 }, (_, index) => {
  const letters = [0, 1, 2, 3].map((place) => 'abcdefgh'[(index * (place + 3) + place * (index >> 3)) % 8]);
  return { source: letters.join(' '), target: letters.slice(0, 3).reverse().join(' ') };
});

async function computeOf(batch: { size: number; microbatches: number }, backend: ComputeBackend) {
  const spec = runFileSchema.parse({
    experiment: 'microbatches',
    model: { embedding: { size: 8 }, encoder: { hidden: 12 }, generator: { hidden: 12 }, attention: { size: 8 } },
    tasks: [
      {
        name: 'reverse',
        data: { source: 'file', format: 'jsonl', path: 'p', validation: 'p', test: 'p' },
      },
    ],
    batch,
    budget: { steps: 1 },
  });
  const objects = objectsInMemory();
  await objects.put('data/p', new TextEncoder().encode(pairs.map((pair) => JSON.stringify(pair)).join('\n')));
  const prepared = await prepareRun({ run: 'microbatches-1' as RunId, spec, files: { p: 'data/p' } }, { objects });
  const model = modelOf(prepared, spec);
  const task = model.task('reverse');
  const gradients = gradientVectors(prepared.lanes, model.sharedLayout.elements, () => task.layout.elements);
  const own = new Float32Array(new SharedArrayBuffer(task.layout.elements * 4));
  own.set(task.initial(1));
  const shared = new Float32Array(0);
  const hosting = {
    prepared,
    lanes: prepared.lanes,
    splits: await fetchSplits(prepared, ['reverse'], objects),
    shared: [shared, shared] as const,
    tasks: { reverse: [own, own] as const },
    gradients,
  };
  const compute = new TaskCompute('reverse', hosting, spec, model, backend);
  return { compute, gradients, parameters: { shared: model.initialShared(1), task: own } };
}

describe('TaskCompute', () => {
  let backend: ComputeBackend;
  beforeAll(async () => {
    backend = await openBackend({ prefer: 'tensorflow', device: 'cpu', threads: 1 });
  });
  afterAll(() => backend.dispose());

  it('makes of k microbatches what one batch of k times the size gives', async () => {
    const whole = await computeOf({ size: 16, microbatches: 1 }, backend);
    const parts = await computeOf({ size: 4, microbatches: 4 }, backend);
    const [one, four] = await Promise.all([
      whole.compute.trainLane({ lane: 0, microbatches: 1 }, 1, whole.parameters),
      parts.compute.trainLane({ lane: 0, microbatches: 4 }, 1, parts.parameters),
    ]);
    expect(four?.tokens).toBe(one?.tokens);
    expect(four?.loss).toBeCloseTo(one?.loss as number, 6);
    expect(four?.cursor).toEqual(one?.cursor);
    for (const side of ['shared', 'task'] as const) {
      const expected = gradientsOf(whole.gradients, 0, 1)[side];
      const norm = Math.hypot(...expected);
      const difference = Math.hypot(
        ...gradientsOf(parts.gradients, 0, 1)[side].map((value, i) => value - (expected[i] as number)),
      );
      expect(norm).toBeGreaterThan(0.01);
      expect(difference / norm).toBeLessThan(1e-5);
    }
  });

  it('compiles nothing in a second evaluation', async () => {
    const traced: TraceEvent[] = [];
    const cache = new GraphCache(backend, { onTrace: (event) => traced.push(event) });
    const { compute, parameters } = await computeOf({ size: 4, microbatches: 1 }, cache);
    const evaluate = (split: 'validation' | 'test') =>
      evaluateTask({ task: compute, split, parameters, limit: null, samples: 2, onProgress: () => {} });
    const first = await evaluate('validation');
    const graphs = traced.length;
    expect(graphs).toBeGreaterThan(0);
    expect(await evaluate('validation')).toEqual(first);
    expect((await evaluate('test')).values).toEqual(first.values);
    expect(traced.length).toBe(graphs);
    cache.dispose();
  });
});

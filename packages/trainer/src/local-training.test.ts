import { type ComputeBackend, createOptimizer, openBackend } from '@tributary/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gradientsOf } from './lane-gradients.js';
import { localTraining } from './local-training.fixture.js';
import { RunState } from './run-state.js';

interface Parameters {
  readonly shared: Float32Array;
  readonly task: Float32Array;
}

const parts = ['shared', 'task'] as const;
const share = { lane: 0, microbatches: 1 };
const copyOf = ({ shared, task }: Parameters): Parameters => ({ shared: shared.slice(), task: task.slice() });
const distance = (a: Float32Array, b: Float32Array): number => Math.hypot(...a.map((value, i) => value - (b[i] ?? 0)));

/** Adam and Nesterov's SGD as their papers have them, in float64. */
function adam(parameters: Float64Array, gradient: Float32Array, moments: Float64Array[], step: number, limit: number) {
  const norm = Math.hypot(...gradient);
  const factor = norm > limit ? limit / norm : 1;
  const [m, v] = moments as [Float64Array, Float64Array];
  parameters.forEach((value, i) => {
    const g = (gradient[i] as number) * factor;
    m[i] = 0.9 * (m[i] as number) + 0.1 * g;
    v[i] = 0.999 * (v[i] as number) + 0.001 * g * g;
    const mean = (m[i] as number) / (1 - 0.9 ** step);
    const square = (v[i] as number) / (1 - 0.999 ** step);
    parameters[i] = value - (0.01 * mean) / (Math.sqrt(square) + 1e-8);
  });
}

describe('LocalTraining', () => {
  let backend: ComputeBackend;
  beforeAll(async () => {
    backend = await openBackend({ prefer: 'tensorflow', device: 'cpu', threads: 1 });
  });
  afterAll(() => backend.dispose());

  it('does what algorithm 1 of DiLoCo says', async () => {
    const steps = 3;
    const outer = { lr: 0.7, momentum: 0.9 };
    const { compute, local, gradients, initial, model } = await localTraining(backend, steps);
    const optimizer = createOptimizer(
      { kind: 'sgd', learningRate: outer.lr, momentum: outer.momentum, nesterov: true },
      { kind: 'constant' },
      2,
    );
    const state = new RunState(
      { layout: model.sharedLayout, values: initial.shared },
      new Map([['reverse', { layout: model.task('reverse').layout, values: initial.task }]]),
      optimizer,
    );
    const plain = await localTraining(backend, steps);
    const run = parts.map((part) => Float64Array.from(initial[part]));
    const momentum = run.map(({ length }) => new Float64Array(length));
    const moments = run.map(({ length }) => [new Float64Array(length), new Float64Array(length)]);
    const into = copyOf(initial);
    let step = 0;
    for (const [index, before] of ([0, 1] as const).entries()) {
      const round = index + 1;
      const from = {
        shared: state.shared.parameters[before],
        task: state.tasks.get('reverse')?.parameters[before] as Float32Array,
      };
      const seen: number[] = [];
      const done = await local.train(
        { ...share, moments: before, updates: index * steps },
        round,
        compute,
        from,
        ({ loss }) => seen.push(loss),
      );
      const { shared, task } = gradientsOf(gradients, 0, round);
      state.advance(index, shared, new Map([['reverse', task]]));

      const copy = run.map((values) => values.slice());
      const losses: number[] = [];
      for (let inner = 0; inner < steps; inner++) {
        step += 1;
        const [atShared, atTask] = copy.map((values) => Float32Array.from(values)) as [Float32Array, Float32Array];
        losses.push((await plain.compute.gradient(share, step, { shared: atShared, task: atTask }, into)).loss);
        parts.forEach((part, i) => {
          adam(copy[i] as Float64Array, into[part], moments[i] as Float64Array[], step, 0.5);
        });
      }
      run.forEach((values, i) => {
        values.forEach((value, at) => {
          const moved = value - ((copy[i] as Float64Array)[at] as number);
          const b = outer.momentum * ((momentum[i] as Float64Array)[at] as number) + moved;
          (momentum[i] as Float64Array)[at] = b;
          values[at] = value - outer.lr * (moved + outer.momentum * b);
        });
      });

      expect([...(done.stepLosses ?? [])]).toEqual(seen);
      for (const [i, loss] of seen.entries()) expect(loss).toBeCloseTo(losses[i] as number, 4);
      expect(done.loss).toBeCloseTo(losses.reduce((sum, loss) => sum + loss, 0) / steps, 4);
      const vectors = [state.shared, state.tasks.get('reverse')].map((one) => one?.parameters[one.current]);
      parts.forEach((part, i) => {
        const reached = vectors[i] as Float32Array;
        const moved = distance(reached, initial[part]);
        expect(moved).toBeGreaterThan(0.1);
        expect(distance(reached, Float32Array.from(run[i] as Float64Array)) / moved).toBeLessThan(2e-3);
      });
    }
  });

  it('is plain training where a round is one step and the outer update takes it as it is', async () => {
    const one = await localTraining(backend, 1);
    const plain = await localTraining(backend, 1);
    const optimizer = createOptimizer(one.spec.optimizer, one.spec.schedule, one.spec.budget.steps);
    let run = copyOf(one.initial);
    let trained = copyOf(one.initial);
    let slots = parts.map((part) => optimizer.slots.map(() => new Float32Array(one.initial[part].length)));
    const into = copyOf(one.initial);
    for (let step = 1; step <= 6; step++) {
      const moments = (step % 2) as 0 | 1;
      await one.local.train({ ...share, moments, updates: step - 1 }, step, one.compute, run, () => {});
      const moved = gradientsOf(one.gradients, 0, step);
      run = {
        shared: run.shared.map((x, i) => x - (moved.shared[i] ?? 0)),
        task: run.task.map((x, i) => x - (moved.task[i] ?? 0)),
      };

      await plain.compute.gradient(share, step, trained, into);
      const next = copyOf(trained);
      const nextSlots = slots.map((vectors) => vectors.map((vector) => vector.slice()));
      parts.forEach((part, i) => {
        const norm = Math.hypot(...into[part]);
        const gradient = norm > 0.5 ? into[part].map((g) => g * (0.5 / norm)) : into[part];
        optimizer.apply({
          step: step - 1,
          parameters: trained[part],
          gradient,
          state: slots[i] as Float32Array[],
          nextParameters: next[part],
          nextState: nextSlots[i] as Float32Array[],
        });
      });
      trained = next;
      slots = nextSlots;
    }
    for (const part of parts) {
      const moved = distance(trained[part], one.initial[part]);
      expect(moved).toBeGreaterThan(0.1);
      expect(distance(run[part], trained[part]) / moved).toBeLessThan(1e-4);
    }
  });

  it('leaves the moments of the round before as they were, and starts a round again from them', async () => {
    const { local, compute, gradients, initial } = await localTraining(backend, 2);
    const from = copyOf(initial);
    await local.train({ ...share, moments: 0, updates: 0 }, 1, compute, from, () => {});
    expect(from).toEqual(initial);
    const moments = local.moments[0]?.shared as readonly [readonly Float32Array[], readonly Float32Array[]];
    expect(moments[0].every((slot) => slot.every((value) => value === 0))).toBe(true);
    const before = moments[1].map((slot) => slot.slice());
    const cursor = compute.cursor(0);
    const round = async () => {
      compute.seek(0, cursor);
      const { stepLosses } = await local.train({ ...share, moments: 1, updates: 2 }, 2, compute, from, () => {});
      return { stepLosses, ...copyOf(gradientsOf(gradients, 0, 2)), moments: moments[0].map((slot) => slot.slice()) };
    };
    const first = await round();
    expect(moments[1].map((slot) => slot.slice())).toEqual(before);
    expect(await round()).toEqual(first);
  });

  it('contributes nothing finite where a step was not, whatever the optimizer makes of it', async () => {
    // Lion moves by the sign of its momentum: parameters would stay finite.
    const { local, compute, gradients, initial } = await localTraining(backend, 2, {
      optimizer: { kind: 'lion', learningRate: 0.001 },
      clip: null,
    });
    const from = copyOf(initial);
    from.task[0] = Number.NaN;
    const done = await local.train({ ...share, moments: 0, updates: 0 }, 1, compute, from, () => {});
    expect(done.loss).toBeNaN();
    expect(gradientsOf(gradients, 0, 1).task.some(Number.isNaN)).toBe(true);
  });
});

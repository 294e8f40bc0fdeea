import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { createOptimizer } from '@tributary/engine';
import { flatLayout } from '@tributary/layout';
import { describe, expect, it } from 'vitest';
import { RunState, type VectorState } from './run-state.js';

const adamw = {
  kind: 'adamw',
  learningRate: 0.1,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.5,
} as const;
const layout = flatLayout([
  { name: 'embedding', shape: [2, 2] },
  { name: 'weights', shape: [2, 2] },
  { name: 'bias', shape: [2] },
]);

function newState(): RunState {
  const initial = (value: number) => ({ layout, values: new Float32Array(10).fill(value) });
  const tasks = new Map([
    ['a', initial(2)],
    ['b', initial(3)],
  ]);
  return new RunState(initial(1), tasks, createOptimizer(adamw, { kind: 'constant' }, 10));
}

const gradient = (value: number) => new Float32Array(10).fill(value);

describe('the state of a run', () => {
  it('builds each state beside the one before, and lets matrices alone decay', () => {
    const state = newState();
    state.advance(
      0,
      gradient(0),
      new Map([
        ['a', gradient(1)],
        ['b', gradient(-1)],
      ]),
    );
    expect(state.buffers).toEqual({ shared: 1, tasks: { a: 1, b: 1 } });
    // Without a gradient only decay is left: 1 - 0.1 · 0.5.
    expect([...state.shared.parameters[1]]).toEqual([1, 1, 1, 1, ...new Array(4).fill(Math.fround(0.95)), 1, 1]);
    expect([...state.shared.parameters[0]]).toEqual(new Array(10).fill(1));
    const [a, b] = [...state.tasks.values()].map((vector) => vector.parameters[1]) as [Float32Array, Float32Array];
    expect([a[0], a[4], b[0], b[4]].map((value) => Number((value as number).toFixed(5)))).toEqual([
      1.9, 1.8, 3.1, 2.95,
    ]);
    expect(state.tasks.get('a')?.slots[1].map((slot) => slot[9])).toEqual([0.1, 0.001].map(Math.fround));
    expect(state.tasks.get('a')?.slots[0].map((slot) => slot[9])).toEqual([0, 0]);
    state.advance(
      1,
      gradient(0),
      new Map([
        ['a', gradient(1)],
        ['b', gradient(-1)],
      ]),
    );
    expect(state.buffers).toEqual({ shared: 0, tasks: { a: 0, b: 0 } });
  });

  it('leaves a task that is absent where it is, and counts its own updates', () => {
    const state = newState();
    const both = new Map([
      ['a', gradient(1)],
      ['b', gradient(-1)],
    ]);
    state.advance(0, gradient(1), both);
    const b = state.tasks.get('b') as VectorState;
    const before = [...b.parameters[1]];
    state.advance(1, gradient(1), new Map([['a', gradient(1)]]), ['a']);
    state.advance(2, gradient(1), new Map([['a', gradient(1)]]), ['a']);
    expect(state.buffers).toEqual({ shared: 1, tasks: { a: 1, b: 1 } });
    expect([b.updates, state.tasks.get('a')?.updates, state.shared.updates]).toEqual([1, 3, 3]);
    expect([...b.parameters[1]]).toEqual(before);
    // Its next update is its second: as in a run where it was never absent.
    state.advance(3, gradient(1), both);
    const steady = newState();
    steady.advance(0, gradient(1), both);
    steady.advance(1, gradient(1), both);
    expect(state.buffers.tasks).toEqual({ a: 0, b: 0 });
    expect(b.parameters[0]).toEqual(steady.tasks.get('b')?.parameters[0]);
    expect(b.slots[0]).toEqual(steady.tasks.get('b')?.slots[0]);
  });

  it('stays as it was when a task has no gradient', () => {
    const state = newState();
    expect(() => state.advance(0, gradient(1), new Map([['a', gradient(1)]]))).toThrow(/no gradient for task "b"/);
    expect(state.buffers).toEqual({ shared: 0, tasks: { a: 0, b: 0 } });
    expect([...state.shared.parameters[0]]).toEqual(new Array(10).fill(1));
  });

  it('is seen by another thread, each vector by itself', async () => {
    const state = newState();
    const source = `const { parentPort, workerData } = require('node:worker_threads');
      parentPort.once('message', () => parentPort.postMessage(workerData.map((vector) => [...vector])));`;
    const seen = [state.shared, ...state.tasks.values()].map(({ parameters }) => parameters[1]);
    const worker = new Worker(source, { eval: true, workerData: seen });
    await once(worker, 'online');
    state.advance(
      0,
      gradient(0),
      new Map([
        ['a', gradient(1)],
        ['b', gradient(-1)],
      ]),
    );
    worker.postMessage('look');
    const [values] = (await once(worker, 'message')) as [number[][]];
    expect(values).toEqual(seen.map((vector) => [...vector]));
    await worker.terminate();
  });
});

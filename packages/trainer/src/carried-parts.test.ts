import { createOptimizer } from '@tributary/engine';
import { flatLayout } from '@tributary/layout';
import { describe, expect, it } from 'vitest';
import { combinerPart, restoreCombiner } from './combiner-parts.js';
import { lanePart, restoreLane } from './lane-parts.js';
import { RunState } from './run-state.js';
import { restoreVector, vectorPart } from './state-parts.js';

const sizes = { sharedElements: 3, taskElements: 2 };
const cursor = { epoch: 2, position: 7 };

describe('what a lane carries', () => {
  it('comes back from its part, as a copy', () => {
    const residuals = { shared: Float32Array.of(1, -0, 2), task: Float32Array.of(3, 4) };
    const tensors = lanePart({ cursor, residuals });
    residuals.shared[0] = 9;
    expect(restoreLane(1, tensors, sizes)).toEqual({
      cursor,
      residuals: { shared: Float32Array.of(1, -0, 2), task: Float32Array.of(3, 4) },
    });
    const alone = { cursor, residuals: { shared: Float32Array.of(1, 2, 3), task: null } };
    expect(restoreLane(1, lanePart(alone), sizes)).toEqual(alone);
  });

  it('is a cursor alone in older checkpoints', () => {
    const old = { cursor: { shape: [2], data: Int32Array.of(2, 7) } };
    expect(restoreLane(1, old, sizes)).toEqual({ cursor, residuals: null });
  });

  it('is refused where it is of another model', () => {
    const residuals = { shared: new Float32Array(4), task: null };
    expect(() => restoreLane(1, lanePart({ cursor, residuals }), sizes)).toThrow(
      /Part "lane-1" of the checkpoint has no 3 values for "residual\/shared"/,
    );
    expect(() => restoreLane(1, {}, sizes)).toThrow(/Part "lane-1" of the checkpoint holds no cursor/);
  });
});

describe('what the combiner carries', () => {
  it('comes back group by group, to the last bit', () => {
    const states = { 'encoder.0': { losses: [0.1, Number.NaN], steps: [3] }, all: { weights: [1 / 3] } };
    expect(restoreCombiner(combinerPart(states))).toEqual(states);
    expect(restoreCombiner({})).toEqual({});
  });
});

describe('the updates of a vector', () => {
  const layout = flatLayout([{ name: 'w', shape: [2] }]);
  const spec = { kind: 'adam', learningRate: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const;
  const newVector = () =>
    new RunState({ layout, values: Float32Array.of(1, 2) }, new Map(), createOptimizer(spec, { kind: 'constant' }, 10));

  it('come back with it; in older checkpoints every step was one', () => {
    const state = newVector();
    state.advance(4, Float32Array.of(1, 1), new Map());
    const tensors = vectorPart(layout, state.shared, ['m', 'v']);
    const again = newVector().shared;
    restoreVector('shared', tensors, layout, again, ['m', 'v'], 5);
    expect([again.updates, again.parameters[0]]).toEqual([1, state.shared.parameters[1]]);
    const { updates: _, ...old } = tensors;
    restoreVector('shared', old, layout, again, ['m', 'v'], 5);
    expect(again.updates).toBe(5);
  });
});

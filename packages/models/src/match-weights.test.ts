import { flatLayout } from '@tributary/layout';
import { describe, expect, it } from 'vitest';
import { matchWeights } from './match-weights.js';

const layout = flatLayout([
  { name: 'embedding', shape: [3, 2] },
  { name: 'encoder.0.forward.input', shape: [2, 6] },
  { name: 'encoder.0.forward.bias', shape: [6] },
  { name: 'attention.scores', shape: [4, 1] },
]);
const tensor = (...shape: number[]) => ({
  shape,
  data: Float32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, (_, i) => i),
});

describe('matchWeights', () => {
  it('takes equal names, and names that a rule changes, the first that matches', () => {
    const tensors = new Map([
      ['embedding', tensor(3, 2)],
      ['rnn.layer0.forward.W', tensor(2, 6)],
      ['rnn.layer0.forward.b', tensor(1, 6)],
      ['v', tensor(4)],
      ['optimizer.step', tensor(1)],
    ]);
    const result = matchWeights(layout, tensors, [
      { from: 'rnn.layer*.*.W', to: 'encoder.*.*.input' },
      { from: 'rnn.layer*.*.b', to: 'encoder.*.*.bias' },
      { from: 'v', to: 'attention.scores' },
      { from: '*', to: '*' },
    ]);
    expect(result.matched.map(({ from, to }) => `${from} → ${to}`)).toEqual([
      'embedding → embedding',
      'rnn.layer0.forward.W → encoder.0.forward.input',
      'rnn.layer0.forward.b → encoder.0.forward.bias',
      'v → attention.scores',
    ]);
    expect(result.values.get('encoder.0.forward.bias')).toBe(tensors.get('rnn.layer0.forward.b')?.data);
    expect(result.matched[3]?.shape).toEqual([4, 1]);
    expect(result.missing).toEqual([]);
    expect(result.unused).toEqual(['optimizer.step']);
    expect(result.mismatched).toEqual([]);
  });

  it('says what does not fit and what keeps its initial values', () => {
    const tensors = new Map([
      ['embedding', tensor(2, 3)],
      ['old', tensor(6)],
      ['older', tensor(6)],
    ]);
    const result = matchWeights(layout, tensors, [{ from: 'old*', to: 'encoder.0.forward.bias' }]);
    expect(result.mismatched).toEqual([{ from: 'embedding', to: 'embedding', fromShape: [2, 3], toShape: [3, 2] }]);
    expect(result.matched.map(({ from }) => from)).toEqual(['old']);
    expect(result.unused).toEqual(['older']);
    expect(result.missing).toEqual(['embedding', 'encoder.0.forward.input', 'attention.scores']);
    expect([...result.values.keys()]).toEqual(['encoder.0.forward.bias']);
  });

  it('tells the layouts of a run apart by a prefix', () => {
    const tensors = new Map([
      ['shared/embedding', tensor(3, 2)],
      ['task/a/embedding', tensor(3, 2)],
      ['decoder.v', tensor(4, 1)],
    ]);
    const rules = [{ from: 'decoder.v', to: 'task/a/attention.scores' }];
    const own = matchWeights(layout, tensors, rules, 'task/a/');
    expect(own.matched.map(({ to }) => to)).toEqual(['task/a/embedding', 'task/a/attention.scores']);
    expect([...own.values.keys()]).toEqual(['embedding', 'attention.scores']);
    expect(own.unused).toEqual(['shared/embedding']);
    expect(own.missing).toEqual(['task/a/encoder.0.forward.input', 'task/a/encoder.0.forward.bias']);
  });
});

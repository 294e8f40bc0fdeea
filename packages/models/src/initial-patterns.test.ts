import { viewOf } from '@tributary/layout';
import { describe, expect, it } from 'vitest';
import { createSequenceModel } from './sequence-model.js';
import { modelSpec } from './tiny-models.fixture.js';

const build = (initial: object[], more: object = {}) =>
  createSequenceModel({
    model: modelSpec({
      embedding: { size: 6 },
      encoder: { hidden: 8 },
      attention: { normalize: true },
      generator: { kind: 'lstm', hidden: 9 },
      initial,
      ...more,
    }),
    sourceVocabulary: 12,
    tasks: [{ name: 'a', targetVocabulary: 12, generator: undefined, labelSmoothing: 0 }],
  });

describe('initial values by name', () => {
  it('come from the first entry that matches', () => {
    const plain = build([]);
    const sequence = build([
      { parameters: 'encoder.0.*.recurrent', values: 'softmax' },
      { parameters: 'encoder.*', values: 'zeros' },
      { parameters: 'embedding', values: 'smallNormal' },
      { parameters: 'generator.bias', values: 'glorot' },
    ]);
    const shared = sequence.initialShared(1);
    const own = sequence.task('a');
    const initial = own.initial(1);
    const recurrent = viewOf(sequence.sharedLayout, shared, 'encoder.0.forward.recurrent');
    for (let row = 0; row < 8; row++) {
      const values = [...recurrent.subarray(row * 24, (row + 1) * 24)];
      expect(values.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
      expect(values.every((value) => value > 0)).toBe(true);
    }
    expect(viewOf(sequence.sharedLayout, shared, 'encoder.0.forward.input').every((value) => value === 0)).toBe(true);
    for (const table of [
      viewOf(sequence.sharedLayout, shared, 'embedding'),
      viewOf(own.layout, initial, 'embedding'),
    ]) {
      const deviation = Math.sqrt(table.reduce((sum, value) => sum + value * value, 0) / table.length);
      expect(deviation).toBeGreaterThan(0.005);
      expect(deviation).toBeLessThan(0.02);
    }
    const bias = viewOf(own.layout, initial, 'generator.bias');
    expect(bias.every((value) => Math.abs(value) <= Math.sqrt(6 / 72))).toBe(true);
    expect(new Set(bias).size).toBeGreaterThan(30);
    // What no entry names begins as it would without any.
    expect(viewOf(own.layout, initial, 'generator.state')).toEqual(
      viewOf(plain.task('a').layout, plain.task('a').initial(1), 'generator.state'),
    );
  });

  it('are by default 1 for the forget gate, and the root of 1 / units for the gain of normalised attention', () => {
    const own = build([]).task('a');
    const initial = own.initial(1);
    const bias = viewOf(own.layout, initial, 'generator.bias');
    expect([...bias]).toEqual([0, 1, 0, 0].flatMap((value) => new Array<number>(9).fill(value)));
    expect(viewOf(own.layout, initial, 'attention.gain')[0]).toBeCloseTo(Math.sqrt(1 / 9), 6);
    expect(viewOf(own.layout, initial, 'attention.bias').every((value) => value === 0)).toBe(true);
  });

  it('refuse a pattern that no parameter matches, and say which names there are', () => {
    expect(() => build([{ parameters: 'encoder.1.*', values: 'zeros' }])).toThrow(
      /model\.initial\[0\]\.parameters: no parameter is called "encoder\.1\.\*"; there are embedding, encoder\.0\.forward\.input, .*generator\.state/,
    );
    // A dot stands for itself.
    expect(() => build([{ parameters: 'generator?bias', values: 'zeros' }])).toThrow('no parameter');
    expect(() => build([{ parameters: 'generatorXbias', values: 'zeros' }])).toThrow('no parameter');
  });
});

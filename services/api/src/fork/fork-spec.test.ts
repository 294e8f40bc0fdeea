import { type RunFile, type RunFileInput, runFileSchema } from '@tributary/config';
import { changedFields } from '@tributary/run-store';
import { describe, expect, it } from 'vitest';
import { requireFittingState } from './require-fitting-state.js';
import { setFields } from './set-fields.js';

const input = {
  experiment: 'words',
  tasks: [
    { name: 'spell', data: { source: 'words', kind: 'spell' }, replicas: 2 },
    { name: 'stress', data: { source: 'words', kind: 'stress' } },
  ],
  budget: { steps: 100, time: '2h' },
} satisfies RunFileInput;
const parent = runFileSchema.parse(input);
const fork = (changes: Record<string, unknown>): RunFile => runFileSchema.parse(setFields(parent, changes));

describe('setFields', () => {
  it('finds fields by name, and elements of a list by number or name', () => {
    const spec = fork({
      'optimizer.learningRate': 0.5,
      'tasks.spell.weight': 3,
      'tasks[1].weight': 4,
      'tasks.0.metrics': ['token_accuracy'],
    });
    expect(spec.optimizer.learningRate).toBe(0.5);
    expect(spec.tasks.map(({ weight }) => weight)).toEqual([3, 4]);
    expect(spec.tasks[0]?.metrics).toEqual(['token_accuracy']);
    expect(parent.optimizer.learningRate).toBe(0.001);
  });

  it('takes null for a value where it is one, and takes the field away elsewhere', () => {
    const spec = fork({ clip: null, 'budget.time': null });
    expect(spec.clip).toBeNull();
    expect(spec.budget).toEqual({ steps: 100 });
  });

  it.each([
    ['tasks.sing.weight', 'tasks has no element "sing"'],
    ['tasks[2].weight', 'tasks has no element "2"'],
    ['budget.steps.more', 'budget.steps has no fields'],
    ['budget..steps', 'that is no path of fields'],
    ['__proto__.polluted', 'that is no path of fields'],
  ])('refuses %s', (path, what) => {
    expect(() => setFields(parent, { [path]: 1 })).toThrow(`${path} cannot be set: ${what}; name a field`);
  });

  it('leaves unknown fields to the schema', () => {
    expect(runFileSchema.safeParse(setFields(parent, { 'optimizer.lerningRate': 1 })).success).toBe(false);
  });
});

describe('changedFields', () => {
  it('names the innermost fields, tasks by their name', () => {
    const changes = changedFields(parent, fork({ 'tasks.stress.weight': 2, 'optimizer.learningRate': 0.5 }));
    expect(changes).toEqual([
      { field: 'tasks.stress.weight', from: 1, to: 2 },
      { field: 'optimizer.learningRate', from: 0.001, to: 0.5 },
    ]);
    expect(changedFields(parent, structuredClone(parent))).toEqual([]);
    expect(changedFields(parent, fork({ 'budget.time': null }))).toEqual([
      { field: 'budget.time', from: '2h', to: null },
    ]);
  });

  it('gives lists whose elements have other names whole', () => {
    expect(changedFields([{ name: 'a' }], [{ name: 'b' }], 'tasks')).toEqual([
      { field: 'tasks', from: [{ name: 'a' }], to: [{ name: 'b' }] },
    ]);
  });
});

describe('requireFittingState', () => {
  const check = (changes: Record<string, unknown>, from = parent) =>
    requireFittingState(from, runFileSchema.parse(setFields(from, changes)), { run: 'words-a', step: 40 });

  it.each<Record<string, unknown>>([
    { 'optimizer.learningRate': 0.1, schedule: { kind: 'linear' }, clip: null, seed: 7 },
    { combiner: { kind: 'pcgrad' }, 'batch.microbatches': 2 },
    { 'budget.steps': 500, experiment: 'other', 'checkpoints.every': 7, 'workers.max': 1, 'sync.codec': 'bf16' },
  ])('lets change what no state depends on: %o', (changes) => {
    expect(() => check(changes)).not.toThrow();
  });

  it.each<[string, Record<string, unknown>]>([
    ['model.encoder.hidden', { 'model.encoder.hidden': 24 }],
    ['tasks.spell.replicas', { 'tasks.spell.replicas': 3 }],
    ['tasks.spell.data.kind', { 'tasks.spell.data.kind': 'pronounce' }],
    ['tasks', { 'tasks.stress.name': 'accent' }],
    ['tasks', { tasks: [input.tasks[0]] }],
    ['batch.size', { 'batch.size': 7 }],
    ['lengths.buckets', { 'lengths.buckets': 2 }],
    ['splits.test', { 'splits.test': 0.2 }],
    ['optimizer.kind', { optimizer: { kind: 'lion', learningRate: 0.001 } }],
    [
      'sync.strategy',
      { sync: { strategy: 'diloco', innerSteps: 10 }, 'evaluation.every': 10, 'checkpoints.every': 10 },
    ],
    ['sync.codec', { 'sync.codec': 'int8' }],
    ['init', { init: { from: { run: 'other-a' } } }],
  ])('refuses another %s', (field, changes) => {
    expect(() => check(changes)).toThrow(
      new RegExp(`^${field.replaceAll('.', '\\.')} must stay .*init: \\{ from: \\{ run: words-a, step: 40 \\} \\}\\.$`),
    );
  });

  it('gives both values where they fit into a sentence', () => {
    expect(() => check({ 'model.encoder.layers': 3 })).toThrow(
      `model.encoder.layers must stay ${parent.model.encoder.layers} in a fork of words-a, not 3: the state that it begins with fits no other value;`,
    );
  });
});

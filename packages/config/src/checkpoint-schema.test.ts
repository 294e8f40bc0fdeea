import { describe, expect, it } from 'vitest';
import { runFileSchema } from './run-file.js';

const base = {
  experiment: 'kept',
  tasks: [
    { name: 'spell', data: { source: 'words', kind: 'spell' } },
    { name: 'stress', data: { source: 'words', kind: 'stress' } },
  ],
  budget: { steps: 1000 },
};
const problems = (checkpoints: unknown, evaluation = { every: 200 }) =>
  runFileSchema
    .safeParse({ ...base, checkpoints, evaluation })
    .error?.issues.map(({ path, message }) => `${path.join('.')} ${message}`);

describe('checkpoints', () => {
  it('keeps the three newest unless told otherwise', () => {
    expect(runFileSchema.parse(base).checkpoints).toEqual({ every: 200, keep: 3, keepEvery: null, best: null });
  });

  it('can keep the best', () => {
    expect(problems({ every: 100, best: { metric: 'validation.loss' } })).toBeUndefined();
    expect(problems({ every: 400, best: { metric: 'validation.loss', task: 'stress' } })).toBeUndefined();
  });

  it.each([
    ['validation.loss', 'min'],
    ['validation.perplexity', 'min'],
    ['validation.token_error_rate', 'min'],
    ['validation.bleu', 'max'],
    ['validation.rougeL', 'max'],
    ['validation.hits_at_1', 'max'],
    ['validation.token_accuracy', 'max'],
  ])('of %s the best is the %s, unless the run file says otherwise', (metric, mode) => {
    const modeOf = (best: object) => {
      const metrics = ['token_accuracy', 'token_error_rate', 'perplexity', 'bleu', 'rougeL', 'hits_at_1'];
      const tasks = base.tasks.map((task) => ({ ...task, metrics }));
      const once = runFileSchema.parse({ ...base, tasks, checkpoints: { best } });
      expect(runFileSchema.parse(once)).toEqual(once);
      return once.checkpoints.best?.mode;
    };
    expect(modeOf({ metric })).toBe(mode);
    expect(modeOf({ metric, mode: 'min' })).toBe('min');
    expect(modeOf({ metric, mode: 'max' })).toBe('max');
  });

  it.each([
    [{ best: { metric: 'train.loss' } }, /checkpoints.best.metric must be a validation metric/],
    [
      { best: { metric: 'validation.bleu' } },
      /checkpoints.best.metric is not measured here; there is validation.loss,/,
    ],
    [{ best: { metric: 'validation.loss', task: 'sing' } }, /checkpoints.best.task names no task.*spell, stress/],
    [{ every: 150, best: { metric: 'validation.loss' } }, /every 200 steps, and checkpoints come every 150/],
  ])('refuses %j', (checkpoints, message) => {
    expect(problems(checkpoints)?.join('\n')).toMatch(message);
  });
});

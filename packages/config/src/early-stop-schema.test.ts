import { describe, expect, it } from 'vitest';
import { watchedTask } from './early-stop-schema.js';
import { runFileSchema } from './run-file.js';

const task = (name: string, metrics: string[]) => ({ name, data: { source: 'words', kind: name }, metrics });
const both = [task('spell', ['bleu']), task('stress', ['token_accuracy', 'perplexity'])];
const parse = (earlyStop: unknown, tasks: unknown = both) =>
  runFileSchema.safeParse({ experiment: 'x', tasks, budget: { steps: 1000 }, earlyStop });
const problems = (earlyStop: unknown) =>
  parse(earlyStop).error?.issues.map(({ path, message }) => `${path.join('.')} ${message}`);

describe('earlyStop', () => {
  it('is left out unless asked for', () => {
    const spec = runFileSchema.parse({ experiment: 'x', tasks: both, budget: { steps: 1000 } });
    expect(spec).not.toHaveProperty('earlyStop');
    expect(watchedTask(spec)).toBeNull();
  });

  it.each([
    [{ metric: 'validation.bleu' }, 'spell', 'max'],
    [{ metric: 'validation.perplexity' }, 'stress', 'min'],
    [{ metric: 'validation.loss', task: 'stress' }, 'stress', 'min'],
    [{ metric: 'validation.token_accuracy', mode: 'min' }, 'stress', 'min'],
  ])('%j watches task %s, where %s is better', (earlyStop, watched, mode) => {
    const spec = parse(earlyStop).data as NonNullable<ReturnType<typeof parse>['data']>;
    expect(spec.earlyStop).toMatchObject({ ...earlyStop, mode, patience: 5, minDelta: 0 });
    expect(watchedTask(spec)).toBe(watched);
    expect(runFileSchema.parse(spec)).toEqual(spec);
  });

  it.each([
    [{ metric: 'train.loss' }, /earlyStop.metric must be a validation metric/],
    [{ metric: 'validation.rougeL' }, 'earlyStop.metric is not measured here; add rougeL to the task'],
    [{ metric: 'validation.bleu', task: 'stress' }, 'earlyStop.metric is not measured of task "stress"; add bleu'],
    [{ metric: 'validation.bleu', task: 'sing' }, 'earlyStop.task names no task of this run; it has spell, stress'],
    [{ metric: 'validation.loss' }, 'earlyStop.task must say whose validation.loss decides: that of spell, stress'],
    [{ metric: 'validation.bleu', patience: 0 }, /earlyStop.patience/],
  ])('refuses %j', (earlyStop, message) => {
    expect(problems(earlyStop)?.join('\n')).toMatch(message);
  });
});

import { describe, expect, it } from 'vitest';
import { type RunFileInput, runFileSchema } from './run-file.js';

const task = (name: string, fields: Partial<RunFileInput['tasks'][number]> = {}): RunFileInput['tasks'][number] => ({
  name,
  data: { source: 'words', kind: 'spell' },
  ...fields,
});

function problems(fields: Partial<RunFileInput>): string[] {
  const input = { experiment: 'e', tasks: [task('a'), task('b')], budget: { steps: 100 }, ...fields };
  const result = runFileSchema.safeParse(input);
  return result.success ? [] : result.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`);
}

describe('sampling', () => {
  it('takes every task in every step where nothing is said', () => {
    const { sampling, nonFinite, tasks } = runFileSchema.parse({
      experiment: 'e',
      tasks: [task('a')],
      budget: { steps: 1 },
    });
    expect({ sampling, nonFinite, task: tasks[0] }).toMatchObject({
      sampling: { kind: 'all' },
      nonFinite: { limit: 20 },
      task: { microbatches: 1, steps: { from: 1 } },
    });
  });

  it('refuses proportions of unknown tasks, and of no task', () => {
    expect(problems({ sampling: { kind: 'proportions', proportions: { a: 1, c: 1 } } })).toEqual([
      'sampling.proportions.c is no task of this run; its tasks are a, b',
    ]);
    expect(problems({ sampling: { kind: 'proportions', proportions: { a: 0 } } })).toEqual([
      'sampling.proportions leaves no task with a share above 0; give one to a task at least',
    ]);
  });

  it('refuses windows that are empty, and steps without a task', () => {
    expect(problems({ tasks: [task('a', { steps: { from: 5, until: 4 } }), task('b')] })).toEqual([
      'tasks.0.steps.until must be at least steps.from, which is 5',
    ]);
    expect(problems({ tasks: [task('a'), task('b', { steps: { from: 101 } })] })).toEqual([
      'tasks.1.steps.from lies behind the last step, 100 (budget.steps); the task would never take part',
    ]);
    const windows = [task('a', { steps: { until: 40 } }), task('b', { steps: { from: 42 } })];
    expect(problems({ tasks: windows })).toEqual(['tasks no task takes part in step 41; widen tasks[].steps']);
    expect(problems({ tasks: [task('a', { steps: { until: 99 } })] })).toEqual([
      'tasks no task takes part in step 100; widen tasks[].steps',
    ]);
    const late = { tasks: [task('a'), task('b', { steps: { from: 2 } })] };
    expect(problems({ ...late, sampling: { kind: 'proportions', proportions: { b: 1 } } })).toEqual([
      'sampling.proportions no task takes part in step 1; widen tasks[].steps, or give a share to a task of that step',
    ]);
    expect(problems({ ...late, sampling: { kind: 'temperature', temperature: 5, draws: 2 } })).toEqual([]);
  });
});

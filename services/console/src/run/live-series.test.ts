import type { RunEvent, RunId } from '@tributary/protocol';
import { describe, expect, it } from 'vitest';
import { LiveSeries } from './live-series.js';

type Progress = Extract<RunEvent, { kind: 'progress' }>;

const progress = (changes: Partial<Progress>): Progress => ({
  kind: 'progress',
  run: 'words-abcdefgh' as RunId,
  attempt: 1,
  generation: 1,
  member: 0,
  phase: 'training',
  step: 0,
  targetSteps: 100,
  losses: {},
  tokensPerSecond: 0,
  backend: 'TensorFlow on cpu',
  members: 2,
  ...changes,
});

describe('what was seen live', () => {
  it('is kept by metric, one value a step', () => {
    const live = new LiveSeries();
    live.observe(progress({ step: 1, losses: { spell: 3 } }));
    live.observe(progress({ step: 2, losses: { spell: 2, stress: 5 }, tokensPerSecond: 1000 }));
    live.observe(progress({ step: 2, losses: { spell: 1 } }));
    live.observe(progress({ step: 3, phase: 'evaluating', losses: { spell: 9 } }));
    expect(live.of('spell.train.loss')).toEqual({ label: 'spell.train.loss', steps: [1, 2], values: [3, 1] });
    expect(live.of('stress.train.loss')?.steps).toEqual([2]);
    expect(live.of('tokens_per_second')?.values).toEqual([1000]);
    expect(live.of('pronounce.train.loss')).toBeUndefined();
  });

  it('goes back with a generation that goes back, and takes nothing of an earlier one', () => {
    const live = new LiveSeries();
    for (const step of [1, 2, 3]) live.observe(progress({ step, losses: { spell: step } }));
    live.observe(progress({ generation: 2, step: 2, phase: 'restoring' }));
    expect(live.of('spell.train.loss')?.steps).toEqual([1]);
    live.observe(progress({ generation: 1, step: 4, losses: { spell: 4 } }));
    live.observe(progress({ generation: 2, step: 3, losses: { spell: 7 } }));
    expect(live.of('spell.train.loss')).toEqual({ label: 'spell.train.loss', steps: [1, 3], values: [1, 7] });
  });
});

import type { RunEvent, RunId } from '@tributary/protocol';
import { describe, expect, it } from 'vitest';
import { PlainLines } from './progress-display.js';
import { backendLine, progressLine, RunProgress } from './run-progress.js';

type Progress = Extract<RunEvent, { kind: 'progress' }>;

const event = (changes: Partial<Progress>): Progress => ({
  kind: 'progress',
  run: 'words-abcdefgh' as RunId,
  attempt: 1,
  generation: 1,
  member: 0,
  phase: 'training',
  step: 0,
  targetSteps: 1500,
  losses: {},
  tokensPerSecond: 0,
  backend: 'TensorFlow 2.21.0 on cpu, traced',
  members: 3,
  ...changes,
});

describe('RunProgress', () => {
  it('puts members together and tells when the run will end', () => {
    const progress = new RunProgress(['pronounce', 'spell']);
    progress.observe(event({ step: 100, losses: { spell: 2 }, tokensPerSecond: 12_345 }), 0);
    progress.observe(event({ step: 400, losses: { pronounce: 1.23456 }, member: 1, tokensPerSecond: 12_345 }), 30_000);
    const view = progress.view();
    if (view === null) throw new Error('nothing seen');
    expect(progressLine(view)).toBe('400/1500  26%  pronounce 1.235  spell 2.000  12.3k tokens/s  ETA 1m50s');
    expect(backendLine(view)).toBe('Backend: TensorFlow 2.21.0 on cpu, traced; 3 workers');
  });

  it('names another phase instead of a time of arrival', () => {
    const progress = new RunProgress();
    progress.observe(event({ phase: 'tracing', members: 1 }), 0);
    const view = progress.view();
    if (view === null) throw new Error('nothing seen');
    expect(progressLine(view)).toBe('0/1500  0%  tracing');
    expect(backendLine(view)).toMatch(/1 worker$/);
    progress.observe(event({ phase: 'tracing', tracing: { done: 3, total: 12, graph: 'spell 64x12x10' } }), 400);
    expect(progressLine(progress.view() ?? view)).toBe('0/1500  0%  tracing 3/12 graphs (spell 64x12x10)');
    progress.observe(event({ phase: 'tracing', tracing: { done: 12, total: 12, graph: '' } }), 800);
    expect(progressLine(progress.view() ?? view)).toBe('0/1500  0%  tracing 12/12 graphs');
  });

  it('goes back with a new generation, and ignores what an old one still says', () => {
    const progress = new RunProgress();
    progress.observe(event({ step: 700 }), 0);
    progress.observe(event({ step: 600, generation: 2 }), 1_000);
    progress.observe(event({ step: 710 }), 1_100);
    expect(progress.view()?.step).toBe(600);
    expect(progress.view()?.remainingMs).toBeNull();
  });

  it('takes no speed from the time of tracing', () => {
    const progress = new RunProgress();
    progress.observe(event({ step: 300, phase: 'tracing' }), 0);
    progress.observe(event({ step: 301 }), 8_000);
    expect(progress.view()?.remainingMs).toBeNull();
    progress.observe(event({ step: 311 }), 9_000);
    expect(progress.view()?.remainingMs).toBe(118_900);
  });

  it('never shows a step twice because members differ by one', () => {
    const progress = new RunProgress();
    progress.observe(event({ step: 10 }), 0);
    progress.observe(event({ step: 9, member: 1 }), 10);
    expect(progress.view()?.step).toBe(10);
  });
});

describe('PlainLines', () => {
  it('prints every five seconds, at a new phase, and the end', () => {
    const lines: string[] = [];
    const display = new PlainLines((line) => lines.push(line));
    const progress = new RunProgress();
    const steps: [number, string, number][] = [
      [0, 'tracing', 0],
      [1, 'training', 100],
      [2, 'training', 2_000],
      [3, 'training', 5_200],
      [4, 'training', 5_300],
    ];
    for (const [step, phase, atMs] of steps) {
      progress.observe(event({ step, phase }), atMs);
      const view = progress.view();
      if (view !== null) display.show(view, atMs);
    }
    display.end();
    expect(lines.map((line) => line.split('/')[0])).toEqual(['0', '1', '3', '4']);
  });
});

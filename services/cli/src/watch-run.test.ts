import { stripVTControlCharacters } from 'node:util';
import type { RunEvent, RunId } from '@tributary/protocol';
import { expect, it } from 'vitest';
import { PlainLines } from './render/progress-display.js';
import { RunStory } from './watch-run.js';

const run = 'words-abcdefgh' as RunId;
const state = (name: 'running' | 'recovering' | 'paused', step: number, reason: string | null = null): RunEvent => ({
  ...{ kind: 'state', run, attempt: 1, state: name, reason, step },
});
const progress = (step: number, generation: number, members = 2): RunEvent => ({
  ...{ kind: 'progress', run, attempt: 1, generation, member: 0, phase: 'training', step, targetSteps: 100 },
  ...{ losses: { spell: 1 }, tokensPerSecond: 0, backend: 'TensorFlow', members },
});

/** What is said of events that come a second apart. */
function told(events: readonly RunEvent[]): string[] {
  const lines: string[] = [];
  const story = new RunStory(['spell'], new PlainLines((line) => lines.push(stripVTControlCharacters(line))));
  events.forEach((event, index) => {
    story.tell(event, index * 1_000);
  });
  return lines.filter((line) => !/^\d+\/100/.test(line));
}

it('tells a recovery: whose silence, why lanes move, from where it goes on, and with how many', () => {
  expect(
    told([
      state('running', 0),
      progress(30, 1),
      { kind: 'notice', run, text: 'worker b does not answer; its lanes move in 5 s' },
      progress(43, 1),
      state('recovering', 43, 'worker b is lost: silent for 8 s'),
      state('running', 40, 'worker b is lost: silent for 8 s'),
      progress(41, 2, 1),
    ]),
  ).toEqual([
    'Backend: TensorFlow; 2 workers',
    'worker b does not answer; its lanes move in 5 s',
    'recovering, moves its lanes: worker b is lost: silent for 8 s',
    'running, trains on from step 40; 3 steps are done again',
    'Backend: TensorFlow; 1 worker',
  ]);
});

it('tells a hand-over as one that loses nothing', () => {
  expect(
    told([progress(30, 1), state('recovering', 30, 'handed over: worker b leaves'), state('running', 30)]).slice(1),
  ).toEqual(['recovering, moves its lanes: handed over: worker b leaves', 'running, trains on from step 30']);
});

it('says where a resumed run goes on, before its backend is known', () => {
  const queued: RunEvent = { ...{ kind: 'state', run, attempt: 2, state: 'queued', reason: null, step: 40 } };
  expect(told([queued, { ...state('running', 40), attempt: 2 } as RunEvent])[1]).toBe(
    'running, trains on from step 40 (attempt 2)',
  );
  expect(told([state('running', 40)])).toEqual([]);
});

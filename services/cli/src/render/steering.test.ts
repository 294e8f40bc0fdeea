import { stripVTControlCharacters } from 'node:util';
import type { ForkReplyDocument, ScaleReplyDocument } from '@tributary/protocol';
import { describe, expect, it } from 'vitest';
import { forkText, pauseText, scaleText } from './steering.js';

const run = 'words-abcdefgh';

it('says what becomes of a run that is asked to pause', () => {
  expect(pauseText({ run, attempt: 1, state: 'running' })).toBe(
    'Run words-abcdefgh pauses at its next step and gives its workers back; go on later with: npx tributary resume words-abcdefgh',
  );
  expect(pauseText({ run, attempt: 1, state: 'queued' })).toBe(
    'Run words-abcdefgh keeps its place in the queue and pauses once it has begun; to take it out of the queue: npx tributary cancel words-abcdefgh',
  );
});

describe('scaleText', () => {
  const text = (workers: number, now: number, free: number) =>
    scaleText({ run, attempt: 1, state: 'running', workers, now, free } satisfies ScaleReplyDocument);
  it.each([
    [text(2, 0, 3), 'trains on up to 2 workers once it has them'],
    [text(2, 2, 3), 'trains on 2 workers already'],
    [text(1, 3, 0), 'goes on with 1 of its 3 workers'],
    [text(3, 2, 1), 'goes on with 3 workers in place of 2'],
    [text(4, 2, 1), 'takes up to 4 workers as they become free: it has 2, and 1 is free now'],
    [text(4, 2, 0), 'it has 2, and none is free now; start more with: npx tributary up --workers N'],
  ])('%s', (said, part) => expect(said).toContain(part));
});

it('shows what a fork changes', () => {
  const reply: ForkReplyDocument = {
    ...{ run: 'fork-abcdefgh', attempt: 1, state: 'queued', parent: { run, step: 40 } },
    changes: [
      { field: 'budget.time', from: '2h', to: null },
      { field: 'optimizer.learningRate', from: 0.002, to: 0.001 },
    ],
    remarks: ['the combiner begins anew'],
  };
  expect(stripVTControlCharacters(forkText(reply, false)).split('\n')).toEqual([
    'Run fork-abcdefgh is queued: forked from words-abcdefgh at step 40',
    expect.stringMatching(/^ +field +parent +fork$/),
    expect.stringMatching(/^ +budget\.time +2h$/),
    expect.stringMatching(/^ +optimizer\.learningRate +0\.002 +0\.001$/),
    'The combiner begins anew',
    'Follow it with: npx tributary watch fork-abcdefgh',
  ]);
  expect(forkText({ ...reply, changes: [], remarks: [] }, true)).toBe(
    'Run fork-abcdefgh: forked from words-abcdefgh at step 40, without changes',
  );
});

import { describe, expect, it } from 'vitest';
import { timeLine } from './run-time.js';

describe("the line on a run's time", () => {
  it('names the causes from the largest share, and the steps that were lost', () => {
    expect(
      timeLine({
        seconds: 1_000,
        goodputSeconds: 950,
        badputSeconds: { starting: 11, 'worker-lost': 30, redone: 8.9, tracing: 0.1 },
        lostSteps: { 'worker-lost': 40, 'hand-over': 1 },
      }),
    ).toBe(
      'Goodput 95.0% (recovering from lost workers 3.0%, starting 1.1%, redone 0.9%); 40 steps lost to lost workers; 1 step lost to hand-overs',
    );
  });

  it('is short for a run without loss, and nothing where nothing is known', () => {
    expect(timeLine({ seconds: 5, goodputSeconds: 5, badputSeconds: {}, lostSteps: {} })).toBe('Goodput 100.0%');
    expect(timeLine({ seconds: 0, goodputSeconds: 0, badputSeconds: {}, lostSteps: {} })).toBeNull();
    expect(timeLine(null)).toBeNull();
  });
});

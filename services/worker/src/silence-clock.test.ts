import { expect, it } from 'vitest';
import { SilenceClock } from './silence-clock.js';

it('counts silence, but not the time in which it was not looked at', () => {
  let now = 0;
  const clock = new SilenceClock(1_000, () => now);
  const after = (ms: number): number => {
    now += ms;
    return clock.tick();
  };
  expect(after(500)).toBe(500);
  expect(after(500)).toBe(1_000);
  clock.heard();
  expect(after(500)).toBe(500);
  // This process was stopped for ten minutes.
  expect(after(600_000)).toBe(1_500);
  expect(after(500)).toBe(2_000);
});

import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { QuietTimer } from './quiet-timer.js';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

it('fires after silence, then after twice as long, and never after the step', () => {
  let fired = 0;
  const timer = new QuietTimer(100, () => {
    fired += 1;
  });
  timer.start();
  vi.advanceTimersByTime(99);
  expect(fired).toBe(0);
  vi.advanceTimersByTime(2);
  expect(fired).toBe(1);
  vi.advanceTimersByTime(150);
  expect(fired).toBe(1);
  vi.advanceTimersByTime(60);
  expect(fired).toBe(2);
  timer.stop();
  vi.advanceTimersByTime(10_000);
  expect(fired).toBe(2);
});

it('leaves no timer behind when the step ends while a check is under way', () => {
  const timer = new QuietTimer(100, () => undefined);
  timer.start();
  // The timeout is over, its check waits for the sockets.
  vi.advanceTimersToNextTimer();
  timer.stop();
  timer.start();
  vi.runOnlyPendingTimers();
  timer.stop();
  vi.runOnlyPendingTimers();
  expect(vi.getTimerCount()).toBe(0);
});

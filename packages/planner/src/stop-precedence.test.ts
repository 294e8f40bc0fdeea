import { expect, it } from 'vitest';
import { strongerStop } from './stop-precedence.js';

it('lets a cancel stand before a pause, and either before a hand-over', () => {
  expect(strongerStop(null, 'hand-over')).toBe('hand-over');
  for (const [weak, strong] of [
    ['hand-over', 'pause'],
    ['hand-over', 'cancel'],
    ['pause', 'cancel'],
  ] as const) {
    expect(strongerStop(weak, strong)).toBe(strong);
    expect(strongerStop(strong, weak)).toBe(strong);
    expect(strongerStop(strong, strong)).toBe(strong);
  }
});

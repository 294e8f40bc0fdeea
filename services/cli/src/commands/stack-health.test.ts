import type { UnitStatus } from '@tributary/devstack';
import { expect, it } from 'vitest';
import { stackIsWell } from './stack-health.js';

const nats = { name: 'nats', health: 'serving' } as const;

function well(prometheus: UnitStatus['health'], beside: UnitStatus['health'] = 'serving'): boolean {
  return stackIsWell([nats, { name: 'prometheus', health: prometheus }, { name: 'api', health: beside }]);
}

it('takes a stack for well when everything serves, or Prometheus alone is being built', () => {
  expect(well('serving')).toBe(true);
  expect(well('building')).toBe(true);
});

it('does not take it for well when anything else is wrong', () => {
  // Its build failed, or it does not answer.
  expect(well('ended')).toBe(false);
  expect(well('failing')).toBe(false);
  expect(well('building', 'failing')).toBe(false);
  expect(well('building', 'ended')).toBe(false);
  expect(stackIsWell([nats, { name: 'api', health: 'building' }])).toBe(false);
});

it('does not take a stack that is down, or of which only that build runs, for well', () => {
  expect(stackIsWell([])).toBe(false);
  expect(stackIsWell([{ name: 'prometheus', health: 'building' }])).toBe(false);
});

import { expect, it } from 'vitest';
import { describeFault, type FaultKind } from './chaos/fault.js';
import { groundOf } from './chaos/fault-ground.js';
import { planStrikes } from './chaos/fault-schedule.js';

const ground = groundOf(['a', 'b', 'c'], true);
const options = { seed: 7, run: 1, faults: 10, steps: 400 };
const told = (strikes: ReturnType<typeof planStrikes>): string[] =>
  strikes.map(({ step, delayMs, fault }) => `${step} ${delayMs} ${describeFault(fault)}`);

it('is decided by the seed and the run alone', () => {
  expect(told(planStrikes(options, ground))).toEqual(told(planStrikes(options, ground)));
  expect(told(planStrikes({ ...options, run: 2 }, ground))).not.toEqual(told(planStrikes(options, ground)));
  expect(told(planStrikes({ ...options, seed: 8 }, ground))).not.toEqual(told(planStrikes(options, ground)));
});

it('strikes at rising steps, before the last of the run', () => {
  const steps = planStrikes(options, ground).map(({ step }) => step);
  expect(steps).toEqual([...steps].sort((a, b) => a - b));
  expect(new Set(steps).size).toBe(10);
  expect(steps[0]).toBeGreaterThan(0);
  expect(steps.at(-1)).toBeLessThan(360);
});

it('comes to every kind of fault within ten runs', () => {
  const kinds = new Set<FaultKind>();
  for (let run = 1; run <= 10; run++)
    for (const { fault } of planStrikes({ ...options, run }, ground)) kinds.add(fault.kind);
  expect([...kinds].sort()).toEqual([
    'clock-jump',
    'corrupt-checkpoint',
    'cut-network',
    'drain-agent',
    'kill-agent',
    'kill-service',
    'kill-trainer',
    'recorder-point',
    'repeat-messages',
    'restart-server',
    'stop-trainer',
    'stop-worker',
    ...(ground.trainerPoints.length > 0 ? ['trainer-point'] : []),
  ]);
});

it('leaves out what the ground does not allow, and says where nothing is left', () => {
  const without = groundOf(['a', 'b', 'c'], false);
  for (let run = 1; run <= 10; run++)
    expect(planStrikes({ ...options, run }, without).map(({ fault }) => fault.kind)).not.toContain('cut-network');
  expect(() => planStrikes({ ...options, kinds: ['cut-network'] }, without)).toThrow(/none of these kinds/);
});

it('deals every kind before it deals one again', () => {
  const kinds: FaultKind[] = ['kill-agent', 'stop-worker', 'drain-agent'];
  const dealt = planStrikes({ ...options, faults: 6, kinds }, ground).map(({ fault }) => fault.kind);
  expect(dealt.slice(0, 3).sort()).toEqual([...kinds].sort());
  expect(dealt.slice(3).sort()).toEqual([...kinds].sort());
});

import { createLogger } from '@tributary/telemetry';
import { expect, it } from 'vitest';
import { agreedStop, bitOf, controlBits } from './control-bits.js';
import { StatusReports } from './status-reports.js';
import type { TrainerProgress } from './trainer-types.js';

it('tells each wait once, and moves out of it with the next step', () => {
  const told: TrainerProgress[] = [];
  const status = new StatusReports(4, {
    logger: createLogger({ service: 'test', level: 'fatal' }),
    onStatus: (each) => told.push(each),
  });
  status.moved('restoring', 4);
  status.moved('training', 4);
  status.snapshotTaken(4, 'h');
  status.awaits([1, 2]);
  status.awaits([1, 2]);
  status.awaits([2]);
  status.moved('training', 5);
  status.awaits([2]);
  const snapshot = { step: 4, sharedHash: 'h' };
  expect(told).toEqual([
    { phase: 'restoring', step: 4, awaiting: null, snapshot: null },
    { phase: 'training', step: 4, awaiting: { kind: 'compute' }, snapshot: null },
    { phase: 'training', step: 4, awaiting: { kind: 'compute' }, snapshot },
    { phase: 'training', step: 4, awaiting: { kind: 'members', members: [1, 2] }, snapshot },
    { phase: 'training', step: 4, awaiting: { kind: 'members', members: [2] }, snapshot },
    { phase: 'training', step: 5, awaiting: { kind: 'compute' }, snapshot },
    { phase: 'training', step: 5, awaiting: { kind: 'members', members: [2] }, snapshot },
  ]);
});

it('hands over unless more is asked for', () => {
  const handOver = bitOf('hand-over');
  expect(agreedStop(0)).toBeNull();
  expect(agreedStop(handOver)).toEqual({ outcome: 'handed-over', reason: null });
  expect(agreedStop(handOver | bitOf('pause'))?.outcome).toBe('paused');
  expect(agreedStop(handOver | controlBits.timeBudget)?.outcome).toBe('paused');
  expect(agreedStop(handOver | bitOf('cancel'))?.outcome).toBe('cancelled');
});

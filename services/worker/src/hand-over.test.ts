import type { Beacon, GenerationDocument, TrainerStatus, WorkerId } from '@tributary/protocol';
import { describe, expect, it } from 'vitest';
import { HandOver } from './hand-over.js';

const document = (generation: number, workers: readonly string[], state: 'open' | 'closed' = 'open', step = 10) =>
  ({
    ...{ run: 'r', generation, state },
    members: workers.map((worker, member) => ({ worker, member, lanes: [] })),
    resume: { step, checkpointKey: null },
  }) as unknown as GenerationDocument;
const beacon = (generation: number, step: number, run = 'r') =>
  ({ worker: 'b', trainer: { run, generation, step } as TrainerStatus }) as Beacon;

describe('HandOver', () => {
  const leaving = () => new HandOver('a' as WorkerId, 'r', document(3, ['a', 'b']));

  it('is done once a generation without this worker has done a step', () => {
    const handOver = leaving();
    expect(handOver.hear(beacon(3, 11))).toBe(false);
    expect(handOver.obey(document(4, ['b', 'c']))).toBe(false);
    expect(handOver.hear(beacon(3, 11))).toBe(false);
    expect(handOver.hear(beacon(4, 10))).toBe(false);
    expect(handOver.hear(beacon(4, 11, 'other'))).toBe(false);
    expect(handOver.hear(beacon(4, 11))).toBe(true);
  });

  it('waits on where the next generation still has this worker', () => {
    const handOver = leaving();
    handOver.obey(document(4, ['a', 'c']));
    expect(handOver.hear(beacon(4, 12))).toBe(false);
    handOver.obey(document(5, ['c'], 'open', 12));
    expect(handOver.hear(beacon(5, 13))).toBe(true);
  });

  it('is done once the run is closed, and heeds no older document', () => {
    const handOver = leaving();
    expect(handOver.obey(document(2, ['a'], 'closed'))).toBe(false);
    expect(handOver.obey({ ...document(9, [], 'closed'), run: 'other' } as unknown as GenerationDocument)).toBe(false);
    expect(handOver.obey(document(3, ['a', 'b'], 'closed'))).toBe(true);
  });
});

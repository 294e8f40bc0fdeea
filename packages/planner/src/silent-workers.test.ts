import { beaconIntervalMs } from '@tributary/protocol';
import { randomStream } from '@tributary/random';
import { describe, expect, it } from 'vitest';
import { beacon, halfSeconds, play, tick, trainer } from '../test/supervision-story.js';
import { supervise } from './supervise.js';
import { beginSupervision } from './supervision.js';
import { defaultLimits } from './supervision-limits.js';

/** `b` falls silent after its beacon at 2 s. */
const bSilent = (untilS: number) => [...halfSeconds(0, 2.5, ['a', 'b']), ...halfSeconds(2.5, untilS, ['a'])];

describe('a silent worker', () => {
  it('is told of within half a second of its 3 s, by name, with the time when its lanes will move', () => {
    expect(play(bSilent(5.5)).told).toEqual([]);
    const { told, outcome } = play(bSilent(6));
    expect(outcome).toBeNull();
    expect(told).toEqual([
      'Worker b is unreachable: no beacon for 4 s. Its lane 1 moves to others in 5 s, unless it comes back.',
    ]);
    expect(play(bSilent(9)).told).toHaveLength(1);
  });

  it('keeps its lanes for the grace, and is lost then', () => {
    const { outcome, endedAtMs } = play(bSilent(60));
    expect(outcome).toEqual({
      kind: 'worker-lost',
      workers: ['b'],
      unreachable: ['b'],
      step: 12,
      reason: 'worker b: no beacon for 9 s, its grace included',
    });
    expect(endedAtMs).toBe(10_500);
  });

  it.each([0, 5_000, 60_000])('has the grace of its run: %i ms', (graceMs) => {
    const { endedAtMs } = play(bSilent(200), { ...defaultLimits, graceMs });
    const silentMs = endedAtMs - 2_000;
    expect(silentMs).toBeGreaterThan(3_000 + graceMs);
    expect(silentMs).toBeLessThanOrEqual(3_000 + graceMs + beaconIntervalMs);
  });

  it('that comes back within its grace keeps its lanes, as often as it likes', () => {
    const { told, outcome } = play([...bSilent(9.5), beacon('b', 9_500), ...halfSeconds(9.5, 17.5, ['a'])]);
    expect(outcome).toBeNull();
    expect(told).toEqual([
      expect.stringContaining('Worker b is unreachable'),
      'Worker b is back and keeps its lane.',
      expect.stringContaining('Worker b is unreachable'),
    ]);
  });

  it('is named among the unreachable when another one is lost before it', () => {
    const events = [...halfSeconds(0, 2.5, ['a', 'b']), beacon('a', 4_000), ...halfSeconds(4, 20, [])];
    expect(play(events).outcome).toMatchObject({ workers: ['b'], unreachable: ['a', 'b'] });
  });

  it('is nobody that hangs: its phase has no deadline while it is unreachable', () => {
    const { outcome, told } = play(bSilent(500), { ...defaultLimits, graceMs: 3_600_000 });
    expect(outcome).toBeNull();
    expect(told).toEqual([expect.stringContaining('moves to others in 3600 s')]);
  });
});

it('loses no worker whose beacons are never further apart than silence and grace, however they fall', () => {
  for (let seed = 0; seed < 50; seed++) {
    const stream = randomStream(seed, 'beacons');
    const allowedMs = defaultLimits.silenceMs + defaultLimits.graceMs - beaconIntervalMs;
    let state = beginSupervision(
      {
        run: 'r',
        attempt: 1,
        generation: 1,
        members: [{ member: 0, worker: 'a', lanes: [0] }] as never,
        resume: { step: 0 },
      },
      0,
    );
    let nextMs = 0;
    let back = 0;
    let away = 0;
    for (let atMs = 0; atMs < 300_000; atMs += 250) {
      const events = atMs % 500 === 0 ? [tick(atMs)] : [];
      if (atMs >= nextMs) {
        events.push(beacon('a', atMs, trainer({ run: 'r' as never, generation: 1, progress: atMs })));
        nextMs = atMs + stream.uniform() * allowedMs;
      }
      for (const event of events) {
        const next = supervise(state, event);
        expect(next.outcome).toBeNull();
        for (const text of next.told) text.includes('is back') ? back++ : away++;
        state = next.state;
      }
    }
    expect(away - back).toBeGreaterThanOrEqual(0);
    expect(away - back).toBeLessThanOrEqual(1);
    expect(back).toBeGreaterThan(0);
  }
});

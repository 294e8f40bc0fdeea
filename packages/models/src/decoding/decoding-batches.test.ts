import { randomStream } from '@tributary/random';
import { describe, expect, it } from 'vitest';
import { decodingBatches, mostPositions, paddedLength } from './decoding-batches.js';

describe('paddedLength', () => {
  it('fits every length in few sizes', () => {
    const sizes = new Set<number>();
    for (let length = 1; length <= 4096; length++) {
      const padded = paddedLength(length);
      sizes.add(padded);
      expect(padded).toBeGreaterThanOrEqual(length);
      expect(padded % 8).toBe(0);
      if (length >= 16) expect(padded / length).toBeLessThan(1.5);
    }
    expect(sizes.size).toBe(18);
  });
});

describe('decodingBatches', () => {
  it('has each source once, in a shape that its own sizes and nothing else decide, with rows for all', () => {
    const stream = randomStream(1, 'batches');
    for (let trial = 0; trial < 100; trial++) {
      const sizes = Array.from({ length: 1 + stream.below(80) }, () => ({
        source: 1 + stream.below(100),
        rows: 1 + stream.below(32),
        room: stream.below(2) * (1 + stream.below(600)),
      }));
      const batches = decodingBatches(sizes);
      expect(batches.flatMap(({ places }) => places).sort((a, b) => a - b)).toEqual([...sizes.keys()]);
      for (const { shape, places } of batches) {
        expect([16, 64]).toContain(shape.rows);
        expect(places.reduce((sum, place) => sum + (sizes[place]?.rows ?? 0), 0)).toBeLessThanOrEqual(shape.rows);
        for (const place of places) {
          const { source = 0, room = 0 } = sizes[place] ?? {};
          expect(shape.source).toBe(paddedLength(source));
          expect(shape.room).toBe(room === 0 ? 0 : paddedLength(room));
        }
      }
    }
  });

  it('refuses a search that would not fit, with lengths that would', () => {
    const size = { source: 1, rows: 32, room: 4096 };
    expect(() => decodingBatches([size])).toThrow('lower maxLength to 512, or look for fewer outputs.');
    expect(decodingBatches([{ ...size, room: 512 }])).toHaveLength(1);
    expect(decodingBatches([{ ...size, rows: 8 }])).toHaveLength(1);
    expect(mostPositions).toBe(8 * 4096);
  });
});

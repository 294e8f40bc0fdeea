import { createHash } from 'node:crypto';
import { TributaryError } from '@tributary/protocol';
import { describe, expect, it } from 'vitest';
import { decodeSplit, encodeSplit } from './encoded-split.js';
import { randomContent } from './random-split.fixture.js';

const refused = (bytes: Uint8Array): string => {
  try {
    decodeSplit(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(TributaryError);
    return (error as Error).message;
  }
  throw new Error('was accepted');
};
/** The bytes with a valid digest after a change, so that checks behind it are reached. */
const resealed = (bytes: Uint8Array, change: (view: DataView) => void): Uint8Array => {
  const copy = bytes.slice();
  change(new DataView(copy.buffer));
  copy.set(createHash('sha256').update(copy.subarray(0, -32)).digest(), copy.length - 32);
  return copy;
};

describe('encoded split', () => {
  it('gives back what was put in, in narrow and wide ids', () => {
    for (const wide of [false, true]) {
      const content = { ...randomContent(1, 50), ...(wide ? { targetVocabulary: 70_000 } : {}) };
      const bytes = encodeSplit(content);
      const split = decodeSplit(new Uint8Array([0, ...bytes]).subarray(1));
      expect(split.length).toBe(50);
      expect(split.pairCount).toBe(content.examples.reduce((sum, { targets }) => sum + targets.length, 0));
      expect(Array.from({ length: 50 }, (_, i) => split.example(i))).toEqual(content.examples);
      expect(encodeSplit(content)).toEqual(bytes);
      for (let pair = 0; pair < split.pairCount; pair++) {
        const example = split.exampleOf[pair] as number;
        const nth = pair - (split.firstPair[example] as number);
        expect(split.target(pair)).toEqual(content.examples[example]?.targets[nth]);
      }
      expect(() => split.source(50)).toThrow(RangeError);
    }
  });

  it('refuses every flipped bit, truncation and addition', () => {
    const bytes = encodeSplit(randomContent(2, 3, 3));
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      const copy = bytes.slice();
      copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
      refused(copy);
    }
    for (let size = 0; size < bytes.length; size++) refused(bytes.subarray(0, size));
    expect(refused(new Uint8Array([...bytes, 0]))).toMatch(/where its header says/);
  });

  it('refuses inconsistent content under a valid digest', () => {
    const content = {
      sourceVocabulary: 6,
      targetVocabulary: 6,
      examples: [{ source: Int32Array.of(4, 5), targets: [Int32Array.of(5), Int32Array.of(4, 4)] }],
    };
    const bytes = encodeSplit(content);
    expect(refused(resealed(bytes, (view) => view.setUint16(48, 6, true)))).toMatch(/id 6 at position 0/);
    expect(refused(resealed(bytes, (view) => view.setUint16(48, 2, true)))).toMatch(/id 2 at position 0/);
    expect(refused(resealed(bytes, (view) => view.setUint32(32, 0, true)))).toMatch(/source 0 is empty/);
    expect(refused(resealed(bytes, (view) => view.setUint32(32, 3, true)))).toMatch(/lengths and ids do not add up/);
    expect(refused(resealed(bytes, (view) => view.setUint32(36, 1, true)))).toMatch(/examples and pairs do not add up/);
    expect(refused(resealed(bytes, (view) => view.setUint32(40, 0xffffffff, true)))).toMatch(/ends beyond the file/);
    expect(() => encodeSplit({ ...content, sourceVocabulary: 5 })).toThrow(RangeError);
    expect(() => encodeSplit({ ...content, examples: [{ source: Int32Array.of(4), targets: [] }] })).toThrow(
      RangeError,
    );
  });
});

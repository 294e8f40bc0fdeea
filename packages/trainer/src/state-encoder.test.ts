import { decodeSafetensors, encodePart } from '@tributary/checkpoints';
import { afterEach, describe, expect, it } from 'vitest';
import { StateEncoder } from './state-encoder.js';
import type { StatePart } from './state-messages.js';
import { count } from './state-parts.js';

/** As the trainer makes it: many tensors on one copy of a flat vector. */
function partOf(encoder: StateEncoder, value: number): StatePart {
  const flat = encoder.copies.copy(new Float32Array(1_000).fill(value));
  return {
    part: 'shared',
    tensors: {
      'parameter/a': { shape: [10, 40], data: flat.subarray(0, 400) },
      'parameter/b': { shape: [600], data: flat.subarray(400) },
      updates: count(3),
    },
  };
}

describe('the state thread', () => {
  // A thread runs what is built.
  const open = (): StateEncoder => new StateEncoder(new URL('../dist/state-thread.js', import.meta.url));
  let encoder = open();
  afterEach(async () => {
    await encoder.close();
    encoder = open();
  });

  it('makes the file that the main thread would make, and one state hash whatever the metadata', async () => {
    const expected = encodePart({ tensors: partOf(encoder, 2).tensors, metadata: { format: 'x' } });
    const [one, other] = await encoder.encode(partOf(encoder, 2), [{ format: 'x' }, { format: 'y', records: '…' }]);
    expect({ ...one }).toEqual({ bytes: expected.bytes, sha256: expected.sha256, stateHash: expected.stateHash });
    expect(other?.stateHash).toBe(expected.stateHash);
    expect(other?.sha256).not.toBe(expected.sha256);
    expect(decodeSafetensors(other?.bytes ?? new Uint8Array(), 'it').metadata).toEqual({ format: 'y', records: '…' });
  });

  it('gives memory back for the next copy, and no copy changes one that is out', async () => {
    const first = partOf(encoder, 1);
    const second = partOf(encoder, 2);
    const files = await Promise.all([encoder.encode(first, [{}]), encoder.encode(second, [{}])]);
    const third = partOf(encoder, 3);
    const more = await encoder.encode(third, [{}]);
    const values = [...files, more].map(
      (made) => decodeSafetensors(made[0]?.bytes ?? new Uint8Array(), 'it').tensors['parameter/b']?.data[0],
    );
    expect(values).toEqual([1, 2, 3]);
  });

  it('fails what it cannot encode and goes on, and fails everything once it is closed', async () => {
    const wrong = { tensors: { a: { shape: [3], data: new Float32Array(2) } } };
    await expect(encoder.encode(wrong, [{}])).rejects.toThrow(/tensor "a" of shape \[3\]/);
    expect(await encoder.encode(partOf(encoder, 1), [{}])).toHaveLength(1);
    const waiting = encoder.encode(partOf(encoder, 1), [{}]);
    await Promise.all([encoder.close(), expect(waiting).rejects.toThrow('stopped')]);
    await expect(encoder.encode(partOf(encoder, 1), [{}])).rejects.toThrow('stopped');
  });
});

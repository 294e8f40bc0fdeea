import assert from 'node:assert/strict';
import { type ErrorCode, type ObjectStore, TributaryError } from '@tributary/protocol';
import type { ComplianceCase } from './collectives/compliance-case.js';

/**
 * What every `ObjectStore` promises.
 *
 * `for (const each of objectStoreCompliance(make)) it(each.name, each.run)`
 * @param makeStore opens an empty store of the test's own; `again` opens the same one as another process would.
 */
export function objectStoreCompliance(
  makeStore: () => Promise<{ readonly store: ObjectStore; again(): Promise<ObjectStore> }>,
): readonly ComplianceCase[] {
  return Object.entries(cases).map(([name, check]) => ({
    name,
    async run() {
      const { store, again } = await makeStore();
      await check(store, again);
    },
  }));
}

const cases: Record<string, (store: ObjectStore, again: () => Promise<ObjectStore>) => Promise<void>> = {
  async 'gives back what was put, also through another handle'(store, again) {
    const other = await again();
    for (const size of [0, 1, 7, 131_072, 524_288, 524_289, 9_000_001]) {
      const bytes = pattern(size, size);
      const key = `sizes/of-${size}.bin`;
      await store.put(key, bytes);
      assert.ok(sameBytes(await other.get(key), bytes), `${size} bytes came back changed`);
      assert.equal(await other.has(key), true);
    }
  },

  async 'takes bytes that are a part of a larger buffer, and keeps none of them'(store) {
    const buffer = pattern(2_000, 1);
    await store.put('part', buffer.subarray(3, 1_203));
    const kept = buffer.slice(3, 1_203);
    buffer.fill(0);
    assert.ok(sameBytes(await store.get('part'), kept));
  },

  async 'says when there is no object'(store) {
    await rejectsWith('OBJECT_NOT_FOUND', store.get('absent'));
    assert.equal(await store.has('absent'), false);
    await store.delete('absent');
    assert.deepEqual(await store.list(''), []);
    await store.put('folder/object', pattern(3, 1));
    for (const key of ['folder', 'folder/object/below', 'folder/obj']) {
      await rejectsWith('OBJECT_NOT_FOUND', store.get(key));
      assert.equal(await store.has(key), false);
      await store.delete(key);
    }
    assert.equal(await store.has('folder/object'), true);
  },

  async 'refuses keys that could lead out of it'(store) {
    const keys = [
      '',
      '/',
      '/etc/passwd',
      '../x',
      'a/../../x',
      'a//b',
      'a/',
      '.',
      '..',
      '.hidden',
      'a/.b',
      'a b',
      'a\\b',
      'a\u0000',
      'ü',
      '*',
      'a.>',
      'x'.repeat(513),
    ];
    for (const key of keys) {
      await rejectsWith('OBJECT_NOT_FOUND', store.get(key));
      await assert.rejects(store.put(key, pattern(1, 1)), TributaryError, `key ${JSON.stringify(key)} was taken`);
    }
    assert.deepEqual(await store.list(''), []);
  },

  async 'replaces and deletes'(store, again) {
    await store.put('a/b', pattern(900_000, 1));
    await store.put('a/b', pattern(10, 2));
    assert.ok(sameBytes(await store.get('a/b'), pattern(10, 2)));
    const other = await again();
    await other.delete('a/b');
    await rejectsWith('OBJECT_NOT_FOUND', store.get('a/b'));
    assert.deepEqual(await store.list('a'), []);
    await store.put('a/b', pattern(20, 3));
    assert.ok(sameBytes(await other.get('a/b'), pattern(20, 3)));
    await store.delete('a/b');
    await store.delete('a/b');
  },

  async 'lists keys by prefix, sorted'(store) {
    const keys = ['a', 'b/1', 'b/10', 'b/2/x', 'b/2/y', 'b2/1', 'c_d-e.f', 'B/1'];
    for (const key of keys) await store.put(key, pattern(5, 1));
    assert.deepEqual(await store.list(''), [...keys].sort());
    assert.deepEqual(await store.list('b/'), ['b/1', 'b/10', 'b/2/x', 'b/2/y']);
    assert.deepEqual(await store.list('b'), ['b/1', 'b/10', 'b/2/x', 'b/2/y', 'b2/1']);
    assert.deepEqual(await store.list('b/2/y'), ['b/2/y']);
    assert.deepEqual(await store.list('none/'), []);
  },

  async 'shows readers the old bytes or the new ones, never a mixture'(store, again) {
    const versions = Array.from({ length: 6 }, (_, version) => pattern(1_300_000 + version, version + 1));
    await store.put('hot', versions[0] as Uint8Array);
    const other = await again();
    let writing = true;
    const read = async (): Promise<void> => {
      do {
        const bytes = await other.get('hot');
        assert.ok(
          versions.some((version) => sameBytes(version, bytes)),
          'a reader saw bytes that nobody wrote',
        );
      } while (writing);
    };
    const write = async (): Promise<void> => {
      try {
        for (const version of versions.slice(1)) await store.put('hot', version);
      } finally {
        writing = false;
      }
    };
    await Promise.all([write(), read(), read()]);
    assert.ok(sameBytes(await other.get('hot'), versions.at(-1) as Uint8Array));
  },

  async 'lets one of several writers of a key win'(store, again) {
    const stores = [store, await again(), await again()];
    const versions = Array.from({ length: 9 }, (_, version) => pattern(200_000 + version, version + 1));
    await Promise.all(versions.map((bytes, version) => (stores[version % 3] as ObjectStore).put('one/key', bytes)));
    const kept = await store.get('one/key');
    assert.ok(versions.some((version) => sameBytes(version, kept)));
    assert.deepEqual(await store.list(''), ['one/key']);
  },

  async 'takes deletions while others write beside them'(store, again) {
    const other = await again();
    for (let round = 0; round < 8; round++) {
      await store.put('near/a', pattern(100, round));
      await Promise.all([
        other.delete('near/a'),
        store.put('near/b', pattern(100, round)),
        other.put('near/c/d', pattern(9, 1)),
      ]);
      await other.delete('near/c/d');
      assert.ok(sameBytes(await other.get('near/b'), pattern(100, round)));
      assert.deepEqual(await store.list('near/'), ['near/b']);
      await store.delete('near/b');
    }
  },
};

/** Bytes that depend on every argument. */
function pattern(size: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let value = (seed + 1) >>> 0;
  for (let i = 0; i < size; i++) {
    value = (Math.imul(value, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[i] = value >>> 24;
  }
  return bytes;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

async function rejectsWith(code: ErrorCode, promise: Promise<unknown>): Promise<void> {
  await assert.rejects(promise, (error: unknown) => error instanceof TributaryError && error.code === code);
}

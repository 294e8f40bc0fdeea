import { type ObjectStore, TributaryError } from '@tributary/protocol';

/** An object store that lives as long as its test. */
export function objectsInMemory(): ObjectStore {
  const held = new Map<string, Uint8Array>();
  return {
    put: async (key, bytes) => void held.set(key, bytes),
    get: async (key) => {
      const bytes = held.get(key);
      if (bytes === undefined) throw new TributaryError('OBJECT_NOT_FOUND', `There is no object ${key}.`);
      return bytes;
    },
    has: async (key) => held.has(key),
    delete: async (key) => void held.delete(key),
    list: async (prefix) => [...held.keys()].filter((key) => key.startsWith(prefix)),
  };
}

/**
 * Bytes by key: prepared data, checkpoints. Implementations (directory, NATS object store) are in `@tributary/checkpoints`
 * and pass one compliance suite. A `put` is atomic: a reader sees the old bytes, the new bytes, or none.
 */
export interface ObjectStore {
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** @throws TributaryError `OBJECT_NOT_FOUND` where there is none. */
  get(key: string): Promise<Uint8Array>;
  has(key: string): Promise<boolean>;
  /** Succeeds where there is none. */
  delete(key: string): Promise<void>;
  /** Keys that begin with a prefix, sorted. */
  list(prefix: string): Promise<string[]>;
}

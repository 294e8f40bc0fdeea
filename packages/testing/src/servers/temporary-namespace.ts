import { randomBytes } from 'node:crypto';

/** A namespace that no other test uses: its NATS subjects, streams and buckets, and its Temporal task queue. */
export function temporaryNamespace(): string {
  return `test-${process.pid}-${randomBytes(6).toString('hex')}`;
}

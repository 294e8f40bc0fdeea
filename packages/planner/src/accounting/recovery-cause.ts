import type { ErrorCode, GenerationEnd, RecoveryCause } from '@tributary/protocol';

/** Failures that another generation may not have: a peer's, a server's or a store's, not the run's own. */
export const transientCodes: ReadonlySet<string> = new Set<ErrorCode>([
  'PEER_SILENT',
  'GENERATION_SUPERSEDED',
  'SERVER_FAILED',
  'STACK_DOWN',
  'OBJECT_NOT_FOUND',
  'CHECKPOINT_NOT_FOUND',
  'CHECKPOINT_CORRUPT',
  'SNAPSHOT_LOST',
]);

/** What the generation after it recovers from; null for an end that was meant. */
export function recoveryCause(end: GenerationEnd): RecoveryCause | null {
  switch (end.kind) {
    case 'worker-lost':
      return end.crashed ? 'user-code' : 'worker-lost';
    case 'failed':
      return transientCodes.has(end.code) ? 'infrastructure' : 'user-code';
    case 'handed-over':
      return 'hand-over';
    default:
      return null;
  }
}

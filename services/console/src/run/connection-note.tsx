import type { Connection } from '../api/follow-run.js';
import { useNowMs } from '../parts/time.js';

/** Whether what is seen moves by itself; said aloud when that changes. */
export function ConnectionNote({ connection }: { readonly connection: Connection }) {
  const waiting = connection.kind === 'waiting';
  const nowMs = useNowMs(waiting ? 500 : 60_000);
  return (
    <p class={`connection connection-${connection.kind}`} role="status">
      <span class="connection-dot" aria-hidden="true" />
      {connection.kind === 'live' ? 'Live' : null}
      {connection.kind === 'connecting' ? 'Connecting…' : null}
      {connection.kind === 'rest' ? 'At rest' : null}
      {connection.kind === 'refused' ? connection.reason : null}
      {waiting ? (
        <span>
          Not live: figures are stale. Connecting again{' '}
          <span aria-hidden="true">in {Math.max(0, Math.ceil((connection.retryAtMs - nowMs) / 1_000))} s</span>
        </span>
      ) : null}
    </p>
  );
}

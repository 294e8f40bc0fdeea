import { formatTime } from '@tributary/presentation';
import type { Resource } from '../api/use-resource.js';
import { Notice } from './notice.js';

/** Says that what is shown is old, since when and why; nothing while it is fresh. */
export function Stale({ of: { data, error, loadedAtMs, reload } }: { readonly of: Resource<unknown> }) {
  if (error === null || data === null || loadedAtMs === null) return null;
  return (
    <Notice kind="stale" title={`Not up to date: as of ${formatTime(new Date(loadedAtMs).toISOString()).slice(11)}`}>
      {error}{' '}
      <button type="button" class="link" onClick={reload}>
        Try now
      </button>
    </Notice>
  );
}

/** What stands in place of something that is not there yet: that it is loading, or why it failed. */
export function Pending({
  of: { data, error, reload },
  what,
}: {
  readonly of: Resource<unknown>;
  readonly what: string;
}) {
  if (data !== null) return null;
  if (error === null)
    return (
      <p class="pending" role="status">
        Loading {what}…
      </p>
    );
  return (
    <Notice kind="error" title={`The ${what} could not be loaded`}>
      <p class="error-text">{error}</p>
      <button type="button" onClick={reload}>
        Try again
      </button>
    </Notice>
  );
}

import { formatDuration, formatTime } from '@tributary/presentation';
import { useEffect, useState } from 'preact/hooks';

/** A point in time in the user's zone. */
export function Time({ at }: { readonly at: string | null }) {
  if (at === null) return <span class="none">none</span>;
  return <time dateTime={at}>{formatTime(at)}</time>;
}

/** How long ago, told anew by itself. */
export function Ago({ at }: { readonly at: string | number }) {
  const nowMs = useNowMs(5_000);
  const atMs = typeof at === 'number' ? at : Date.parse(at);
  const iso = new Date(atMs).toISOString();
  return (
    <time dateTime={iso} title={formatTime(iso)}>
      {nowMs - atMs < 2_000 ? 'now' : `${formatDuration(nowMs - atMs)} ago`}
    </time>
  );
}

/** The time now, at most `everyMs` old. */
export function useNowMs(everyMs: number): number {
  const [nowMs, setNowMs] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return nowMs;
}

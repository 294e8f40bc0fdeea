import type { RunState } from '@tributary/protocol';

/** A run's state, told by a word and a shape, not by colour alone. */
export function StateBadge({ state }: { readonly state: RunState }) {
  return (
    <span class={`badge badge-${state}`}>
      <svg viewBox="0 0 12 12" aria-hidden="true" focusable="false">
        {shapes[state]}
      </svg>
      {state}
    </span>
  );
}

const shapes = {
  queued: <circle cx="6" cy="6" r="4.25" class="open" />,
  running: <path d="M3 1.5 10.5 6 3 10.5Z" />,
  recovering: <path d="M6 1.5a4.5 4.5 0 1 0 4.5 4.5" class="open" />,
  paused: <path d="M2.5 2h2.5v8H2.5zM7 2h2.5v8H7z" />,
  finished: <path d="m2 6.5 2.75 3L10 3" class="open" />,
  failed: <path d="m2.5 2.5 7 7m0-7-7 7" class="open" />,
  cancelled: <path d="M2.5 2.5h7v7h-7z" />,
};

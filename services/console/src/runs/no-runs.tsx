import { Link } from '../parts/link.js';
import { addresses } from '../routing.js';

/** In place of an empty list: why it is empty, and what to do. */
export function NoRuns({ filtered }: { readonly filtered: boolean }) {
  if (filtered)
    return (
      <div class="nothing">
        <p>No run passes this filter.</p>
        <Link class="button" href={addresses.runs()}>
          Show all runs
        </Link>
      </div>
    );
  return (
    <div class="nothing">
      <p>There is no run yet.</p>
      <p class="fine">
        Launch one here, or with <code>npx tributary launch examples/words.yaml</code>; it appears by itself.
      </p>
      <Link class="button primary" href={addresses.launch()}>
        Launch a run
      </Link>
    </div>
  );
}

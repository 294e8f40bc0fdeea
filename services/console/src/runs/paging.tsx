import { Link } from '../parts/link.js';
import { addresses } from '../routing.js';

export interface PagingProps {
  readonly filter: string;
  /** Empty: the first. */
  readonly page: string;
  /** Null: this is the last. */
  readonly next: string | null;
}

export function Paging({ filter, page, next }: PagingProps) {
  if (page === '' && next === null) return null;
  return (
    <nav class="paging" aria-label="Pages of the list">
      {page === '' ? <span /> : <Link href={addresses.runs(filter)}>First page</Link>}
      {next === null ? <span /> : <Link href={addresses.runs(filter, next)}>Next page</Link>}
    </nav>
  );
}

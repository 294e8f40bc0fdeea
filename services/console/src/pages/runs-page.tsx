import { useState } from 'preact/hooks';
import { useApi } from '../api/api-context.js';
import { useResource } from '../api/use-resource.js';
import { Link } from '../parts/link.js';
import { Pending, Stale } from '../parts/stale.js';
import { useTitle } from '../parts/use-title.js';
import { addresses, navigate, useAddress } from '../routing.js';
import { FilterBox } from '../runs/filter-box.js';
import { NoRuns } from '../runs/no-runs.js';
import { Paging } from '../runs/paging.js';
import { RunTable } from '../runs/run-table.js';

const pageSize = 50;
const everyMs = 5_000;
/** As many as a comparison has room for. */
const mostCompared = 10;

/** All runs, newest first, or those that a filter lets through. */
export function RunsPage() {
  useTitle('Runs');
  const client = useApi();
  const { query } = useAddress();
  const filter = query.get('filter') ?? '';
  const page = query.get('page') ?? '';
  const runs = useResource(`runs ${filter} ${page}`, everyMs, (signal) =>
    client.runs({ limit: pageSize, ...(filter === '' ? {} : { filter }), ...(page === '' ? {} : { page }) }, signal),
  );
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const refused = runs.error !== null && runs.status === 400;
  const toggle = (run: string): void =>
    setChosen((now) => (now.includes(run) ? now.filter((each) => each !== run) : [...now, run]));
  const list = refused ? null : runs.data;
  return (
    <>
      <div class="page-head">
        <h1>Runs</h1>
        <div class="buttons">
          <button
            type="button"
            disabled={chosen.length < 2 || chosen.length > mostCompared}
            onClick={() => navigate(addresses.compare(chosen))}
          >
            {chosen.length < 2 ? 'Select two to compare' : `Compare ${chosen.length} runs`}
          </button>
          <Link class="button primary" href={addresses.launch()}>
            Launch a run
          </Link>
        </div>
      </div>
      <FilterBox filter={filter} mistake={refused ? { message: runs.error ?? '', column: runs.column } : null} />
      {refused ? null : (
        <>
          <Pending of={runs} what="runs" />
          <Stale of={runs} />
        </>
      )}
      {list === null ? null : list.runs.length === 0 ? (
        <NoRuns filtered={filter !== '' || page !== ''} />
      ) : (
        <>
          <RunTable list={list} chosen={chosen} onToggle={toggle} />
          <Paging filter={filter} page={page} next={list.next} />
        </>
      )}
    </>
  );
}

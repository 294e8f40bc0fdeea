import { formatDuration } from '@tributary/presentation';
import { isResting, type RunSummaryDocument } from '@tributary/protocol';
import { useEffect, useState } from 'preact/hooks';
import { useApi } from '../api/api-context.js';
import { useResource } from '../api/use-resource.js';
import { Link } from '../parts/link.js';
import { Notice } from '../parts/notice.js';
import { ProgressBar } from '../parts/progress-bar.js';
import { Stale } from '../parts/stale.js';
import { StateBadge } from '../parts/state-badge.js';
import { TableScroll } from '../parts/table-scroll.js';
import { Ago, Time, useNowMs } from '../parts/time.js';
import { useTitle } from '../parts/use-title.js';
import { addresses, navigate, useAddress } from '../routing.js';

const pageSize = 50;
const everyMs = 5_000;
/** As many as the API compares. */
const mostCompared = 10;

/** Filters that people ask for daily. */
const ready: readonly { readonly name: string; readonly filter: string }[] = [
  { name: 'Running', filter: "state IN ('running', 'recovering', 'queued')" },
  { name: 'Finished', filter: "state = 'finished'" },
  { name: 'Failed', filter: "state = 'failed'" },
];

/** All runs, newest first, or those that a filter lets through. */
export function RunsPage() {
  useTitle('Runs');
  const client = useApi();
  const { query } = useAddress();
  const filter = query.get('filter') ?? '';
  const before = query.get('before') ?? '';
  const runs = useResource(`runs ${filter} ${before}`, everyMs, (signal) =>
    client.runs(
      { limit: pageSize, ...(filter === '' ? {} : { filter }), ...(before === '' ? {} : { before }) },
      signal,
    ),
  );
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const refused = runs.error !== null && runs.status === 400;
  const toggle = (run: string): void =>
    setChosen((now) => (now.includes(run) ? now.filter((each) => each !== run) : [...now, run]));
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
            {chosen.length < 2 ? 'Compare: select two or more' : `Compare ${chosen.length} runs`}
          </button>
          <Link class="button primary" href={addresses.launch()}>
            Launch a run
          </Link>
        </div>
      </div>
      <FilterBox filter={filter} error={refused ? runs.error : null} />
      {refused ? null : <Stale of={runs} />}
      {runs.data === null && runs.error !== null && !refused ? (
        <Notice kind="error" title="The runs could not be loaded">
          {runs.error}
        </Notice>
      ) : null}
      {runs.data === null && runs.error === null ? <p class="pending">Loading runs…</p> : null}
      {runs.data === null || refused ? null : runs.data.runs.length === 0 ? (
        <Nothing filtered={filter !== ''} later={before !== ''} />
      ) : (
        <>
          <RunTable runs={runs.data.runs} chosen={chosen} onToggle={toggle} />
          <Paging filter={filter} before={before} next={runs.data.next} />
        </>
      )}
    </>
  );
}

/** The filter of `tributary runs list --filter`; it stands in the address, so that a list can be shared. */
function FilterBox({ filter, error }: { readonly filter: string; readonly error: string | null }) {
  const [text, setText] = useState(filter);
  useEffect(() => setText(filter), [filter]);
  const apply = (event: SubmitEvent): void => {
    event.preventDefault();
    navigate(addresses.runs(text.trim()));
  };
  return (
    <search>
      <form class="filter" onSubmit={apply}>
        <label for="filter">Filter</label>
        <div class="filter-row">
          <input
            id="filter"
            class="code"
            type="text"
            value={text}
            spellcheck={false}
            autoComplete="off"
            autoCapitalize="off"
            aria-invalid={error !== null}
            aria-describedby={error === null ? 'filter-help' : 'filter-error'}
            placeholder="metrics.spell.train.loss < 0.3 and params.optimizer.learningRate = 0.002"
            onInput={({ currentTarget }) => setText(currentTarget.value)}
          />
          <button type="submit">Apply</button>
        </div>
        {error === null ? (
          <p class="fine" id="filter-help">
            <span class="chips">
              {ready.map(({ name, filter: own }) => (
                <Link key={name} class="chip" href={addresses.runs(own)} current={filter === own}>
                  {name}
                </Link>
              ))}
              {filter === '' ? null : (
                <Link class="chip" href={addresses.runs()}>
                  Clear
                </Link>
              )}
            </span>{' '}
            Metrics, parameters, tags and attributes, with AND, OR and NOT:{' '}
            <code>experiment = 'words' and metrics.grad_norm &lt; 1</code>
          </p>
        ) : (
          <div id="filter-error">
            <Notice kind="error" title="The filter cannot be read">
              <p class="error-text code">{error}</p>
            </Notice>
          </div>
        )}
      </form>
    </search>
  );
}

interface RunTableProps {
  readonly runs: readonly RunSummaryDocument[];
  readonly chosen: readonly string[];
  readonly onToggle: (run: string) => void;
}

function RunTable({ runs, chosen, onToggle }: RunTableProps) {
  return (
    <TableScroll label="Runs">
      <table class="runs">
        <caption class="hidden">Runs, newest first</caption>
        <thead>
          <tr>
            <th scope="col">
              <span class="hidden">compare</span>
            </th>
            <th scope="col">run</th>
            <th scope="col">state</th>
            <th scope="col" class="number">
              step
            </th>
            <th scope="col" class="number">
              attempt
            </th>
            <th scope="col">started</th>
            <th scope="col" class="number">
              took
            </th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <tr key={run.run} class={chosen.includes(run.run) ? 'chosen' : undefined}>
              <td class="choice">
                <input
                  type="checkbox"
                  aria-label={`Compare ${run.run}`}
                  checked={chosen.includes(run.run)}
                  onChange={() => onToggle(run.run)}
                />
              </td>
              <th scope="row">
                <Link href={addresses.run(run.run)}>{run.run}</Link>
                {run.reason === null || run.state !== 'failed' ? null : <span class="why">{run.reason}</span>}
              </th>
              <td>
                <StateBadge state={run.state} />
              </td>
              <td class="number steps">
                {run.step.toLocaleString('en')}
                {run.targetSteps === null ? null : <small> / {run.targetSteps.toLocaleString('en')}</small>}
                {isResting(run.state) ? null : <ProgressBar step={run.step} target={run.targetSteps} />}
              </td>
              <td class="number">{run.attempt}</td>
              <td>{run.startedAt === null ? <Ago at={run.createdAt} /> : <Time at={run.startedAt} />}</td>
              <td class="number">
                <Took run={run} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableScroll>
  );
}

function Took({ run: { startedAt, endedAt, state } }: { readonly run: RunSummaryDocument }) {
  const nowMs = useNowMs(5_000);
  if (startedAt === null) return <>–</>;
  const endMs = endedAt !== null ? Date.parse(endedAt) : isResting(state) ? null : nowMs;
  return <>{endMs === null ? '–' : formatDuration(endMs - Date.parse(startedAt))}</>;
}

function Paging({
  filter,
  before,
  next,
}: {
  readonly filter: string;
  readonly before: string;
  readonly next: string | null;
}) {
  if (before === '' && next === null) return null;
  const at = (page: string): string => {
    const query = new URLSearchParams({ ...(filter === '' ? {} : { filter }), before: page });
    return `${addresses.runs()}?${query}`;
  };
  return (
    <nav class="paging" aria-label="Pages of the list">
      {before === '' ? <span /> : <Link href={addresses.runs(filter)}>Newest</Link>}
      {next === null ? <span /> : <Link href={at(next)}>Older</Link>}
    </nav>
  );
}

function Nothing({ filtered, later }: { readonly filtered: boolean; readonly later: boolean }) {
  if (filtered || later)
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

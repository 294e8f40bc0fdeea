import { useId, useState } from 'preact/hooks';
import { useApi } from '../api/api-context.js';
import { useResource } from '../api/use-resource.js';
import { DataTable } from '../parts/data-table.js';
import { Link } from '../parts/link.js';
import { Notice } from '../parts/notice.js';
import { Section } from '../parts/section.js';
import { Pending, Stale } from '../parts/stale.js';
import { StateBadge } from '../parts/state-badge.js';
import { useTitle } from '../parts/use-title.js';
import { formatFigure } from '../plots/number-format.js';
import { LineSample } from '../plots/plot.js';
import { addresses, navigate, useAddress } from '../routing.js';
import { MetricChoice } from '../run/metric-choice.js';
import { MetricPlot } from '../run/metric-plot.js';
import { differingFields, lastValues } from '../run/run-differences.js';

const most = 10;
const everyMs = 15_000;

/** Runs side by side: what differs, how far they came, and one metric of all over their steps. */
export function ComparePage() {
  useTitle('Compare');
  const client = useApi();
  const { query } = useAddress();
  const ids = [...new Set(query.getAll('run'))].slice(0, most);
  const runs = useResource(ids.length < 2 ? null : `compare ${ids.join(' ')}`, everyMs, (signal) =>
    Promise.all(ids.map((id) => client.run(id, signal))),
  );
  const found = runs.data ?? [];
  const metrics = lastValues(found);
  const fields = differingFields(found.map(({ spec }) => spec));
  const names = metrics.map(({ name }) => name);
  const asked = query.get('metric');
  const metric = names.find((name) => name === asked) ?? names.find((name) => name.endsWith('.train.loss')) ?? names[0];
  return (
    <>
      <p class="crumbs">
        <Link href={addresses.runs()}>Runs</Link>
      </p>
      <div class="page-head">
        <h1>Compare</h1>
      </div>
      <ChooseRuns ids={ids} />
      {ids.length < 2 ? <Notice kind="plain">Name two runs or more, or select them in the list of runs.</Notice> : null}
      {ids.length < 2 ? null : <Pending of={runs} what="runs" />}
      <Stale of={runs} />
      {found.length < 2 ? null : (
        <>
          <ul class="compared">
            {found.map((run, place) => (
              <li key={run.run}>
                <LineSample place={place} />
                <Link href={addresses.run(run.run)}>{run.run}</Link>
                <StateBadge state={run.state} />
                <span class="number">step {run.step.toLocaleString('en')}</span>
              </li>
            ))}
          </ul>
          {metric === undefined ? null : (
            <div class="plots plots-one">
              <MetricPlot
                title={metric}
                unit="over steps"
                lines={found.map(({ run }) => ({ run, metric, label: run }))}
                format={formatFigure}
                everyMs={everyMs}
                tools={
                  <MetricChoice
                    names={names}
                    chosen={metric}
                    onChoose={(name) => navigate(addresses.compare(ids, name), { replace: true })}
                  />
                }
              />
            </div>
          )}
          <Section title="What differs in the run files">
            <DataTable
              caption="Fields that differ"
              rows={fields}
              keyOf={({ name }) => name}
              columns={[
                { title: 'field', cell: ({ name }) => <code>{name}</code> },
                ...found.map(({ run }, place) => ({
                  title: run,
                  cell: ({ values }: (typeof fields)[number]) => values[place] ?? <span class="none">not there</span>,
                })),
              ]}
              empty="Nothing: their run files are the same."
            />
          </Section>
          <Section title="Metrics, last values">
            <DataTable
              caption="Last values of metrics"
              rows={metrics}
              keyOf={({ name }) => name}
              columns={[
                { title: 'metric', cell: ({ name }) => <code>{name}</code> },
                ...found.map(({ run }, place) => ({
                  title: run,
                  numeric: true,
                  cell: ({ values }: (typeof metrics)[number]) => {
                    const value = values[place] ?? null;
                    return value === null ? <span class="none">–</span> : formatFigure(value);
                  },
                })),
              ]}
              empty="None is recorded yet."
            />
          </Section>
        </>
      )}
    </>
  );
}

/** The runs by name; the address follows, so that a comparison can be shared. */
function ChooseRuns({ ids }: { readonly ids: readonly string[] }) {
  const id = useId();
  const [text, setText] = useState(ids.join(' '));
  const compare = (event: SubmitEvent): void => {
    event.preventDefault();
    navigate(addresses.compare(text.split(/[\s,]+/).filter((each) => each !== '')));
  };
  return (
    <form class="filter" onSubmit={compare}>
      <label for={id}>Runs, with spaces between</label>
      <div class="filter-row">
        <input
          id={id}
          class="code"
          value={text}
          spellcheck={false}
          autoComplete="off"
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
        <button type="submit">Compare</button>
      </div>
    </form>
  );
}

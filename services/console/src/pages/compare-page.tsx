import { useApi } from '../api/api-context.js';
import { useResource } from '../api/use-resource.js';
import { ChooseRuns } from '../compare/choose-runs.js';
import { DifferingFields, MetricsSideBySide } from '../compare/comparison-tables.js';
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

const most = 10;
const everyMs = 15_000;

/** Runs side by side: what differs, how far they came, and one metric of all over their steps. */
export function ComparePage() {
  useTitle('Compare');
  const client = useApi();
  const { query } = useAddress();
  const named = [...new Set(query.getAll('run'))];
  const ids = named.slice(0, most);
  const compared = useResource(ids.length < 2 ? null : `compare ${ids.join(' ')}`, everyMs, (signal) =>
    client.compare(ids, signal),
  );
  const comparison = compared.data;
  const names = comparison?.metrics.map(({ metric }) => metric) ?? [];
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
      {ids.length < 2 ? (
        <Notice kind="plain">Name two runs or more, or select them in the list of runs.</Notice>
      ) : (
        <Pending of={compared} what="comparison" />
      )}
      {named.length <= most ? null : (
        <Notice kind="plain">
          Only the first {most} are shown; compare all {named.length} with: npx tributary runs compare
        </Notice>
      )}
      <Stale of={compared} />
      {comparison === null ? null : (
        <>
          <ul class="compared">
            {comparison.runs.map((run, place) => (
              <li key={run.run}>
                <LineSample place={place} />
                <Link href={addresses.run(run.run)}>{run.run}</Link>
                <StateBadge state={run.state} />
                <span class="number">step {run.step.toLocaleString('en')}</span>
              </li>
            ))}
          </ul>
          {comparison.equalStateHash === true ? (
            <Notice kind="done">They ended with the same state hash: bit for bit the same model.</Notice>
          ) : null}
          {metric === undefined ? null : (
            <div class="plots plots-one">
              <h2 class="hidden">One metric of all</h2>
              <MetricPlot
                title={metric}
                unit="over steps"
                lines={comparison.runs.map(({ run }) => ({ run, metric, label: run }))}
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
            <DifferingFields comparison={comparison} />
          </Section>
          <Section title="Metrics, last values">
            <MetricsSideBySide comparison={comparison} kind="point" caption="Last values of metrics" />
          </Section>
          <Section title="Time and memory">
            <MetricsSideBySide comparison={comparison} kind="timing" caption="Time and memory" />
          </Section>
        </>
      )}
    </>
  );
}

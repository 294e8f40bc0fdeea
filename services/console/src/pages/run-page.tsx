import { formatCount } from '@tributary/presentation';
import { isResting, type RunDocument, runDashboardUrl } from '@tributary/protocol';
import { useEffect, useState } from 'preact/hooks';
import { useApi } from '../api/api-context.js';
import { useResource } from '../api/use-resource.js';
import { Link } from '../parts/link.js';
import { Notice } from '../parts/notice.js';
import { Section } from '../parts/section.js';
import { Pending, Stale } from '../parts/stale.js';
import { StateBadge } from '../parts/state-badge.js';
import { TableScroll } from '../parts/table-scroll.js';
import { useTitle } from '../parts/use-title.js';
import { formatFigure } from '../plots/number-format.js';
import { addresses } from '../routing.js';
import { ConflictPlot } from '../run/conflict-plot.js';
import { ConnectionNote } from '../run/connection-note.js';
import { Examples } from '../run/examples.js';
import { MetricChoice, metricNames } from '../run/metric-choice.js';
import { MetricPlot } from '../run/metric-plot.js';
import { RunActions } from '../run/run-actions.js';
import { RunHeadline } from '../run/run-headline.js';
import { AttemptTable, CheckpointTable, GenerationTable, ResultTable } from '../run/run-tables.js';
import { type LiveRun, useLiveRun } from '../run/use-live-run.js';
import { WorkerMap } from '../run/worker-map.js';

/** A run's document holds what the event stream does not tell; at rest, it tells of an attempt that somebody else began. */
const documentEveryMs = 10_000;
const plotsEveryMs = 5_000;

/** Everything of one run, live while it trains. */
export function RunPage({ run: id }: { readonly run: string }) {
  const client = useApi();
  const [follow, setFollow] = useState(0);
  const [said, setSaid] = useState<string | null>(null);
  const run = useResource(`run ${id}`, documentEveryMs, (signal) => client.run(id, signal));
  const health = useResource('health', null, (signal) => client.health(signal));
  const live = useLiveRun(id, follow, () => {
    setSaid(null);
    run.reload();
  });
  const state = live.told?.state ?? run.data?.state ?? null;
  const resting = state !== null && isResting(state);
  useTitle(state === null ? id : `${id}, ${state}`);
  const begunElsewhere = live.connection.kind === 'rest' && (run.data?.attempt ?? 0) > (live.told?.attempt ?? 0);
  useEffect(() => {
    if (begunElsewhere) setFollow((before) => before + 1);
  }, [begunElsewhere]);
  const asked = (sentence: string): void => {
    setSaid(sentence);
    run.reload();
    // A stream that ended with the run says nothing of its next attempt.
    if (live.connection.kind === 'rest' || live.connection.kind === 'refused') setFollow((before) => before + 1);
  };
  return (
    <article class="run">
      <p class="crumbs">
        <Link href={addresses.runs()}>Runs</Link>
        {run.data === null ? null : (
          <>
            {' / '}
            <Link href={addresses.runs(`experiment = '${run.data.experiment}'`)}>{run.data.experiment}</Link>
          </>
        )}
      </p>
      <div class="page-head">
        <h1 class="run-id">{id}</h1>
        {state === null ? null : <StateBadge state={state} />}
        {run.data === null ? null : <ConnectionNote connection={live.connection} />}
        {run.data === null || state === null ? null : <RunActions run={run.data} state={state} onDone={asked} />}
      </div>
      <div role="status">{said === null ? null : <Notice kind="done">{said}</Notice>}</div>
      <Pending of={run} what="run" />
      <Stale of={run} />
      {run.data === null || state === null ? null : (
        <>
          <RunHeadline run={run.data} state={state} progress={live.progress} />
          <GrafanaLink run={run.data} base={health.data?.links.grafana ?? null} />
          <Plots run={run.data} live={live} moving={!resting} />
          <Section title="Workers">
            <WorkerMap run={run.data} />
          </Section>
          <Section title="Held-out results">
            <ResultTable run={run.data} />
          </Section>
          <Section title="Generated examples">
            <Examples run={run.data} />
          </Section>
          <Section title="Checkpoints">
            <CheckpointTable run={run.data} />
          </Section>
          <Section title="Attempts and generations">
            <AttemptTable run={run.data} />
            <GenerationTable run={run.data} />
          </Section>
          <Section title="Run file">
            <details>
              <summary>With every default filled in</summary>
              <TableScroll label="Run file, text">
                <pre>{JSON.stringify(run.data.spec, null, 2)}</pre>
              </TableScroll>
            </details>
          </Section>
        </>
      )}
    </article>
  );
}

/** Where Grafana shows the run, if there is one. */
function GrafanaLink({ run, base }: { readonly run: RunDocument; readonly base: string | null }) {
  if (base === null) return null;
  const { createdAt, endedAt } = run;
  const href = runDashboardUrl(base, run.run, new Date(createdAt), endedAt === null ? null : new Date(endedAt));
  return (
    <p class="fine">
      <a href={href} rel="noreferrer">
        Dashboard of this run in Grafana
      </a>
    </p>
  );
}

function Plots({ run, live, moving }: { readonly run: RunDocument; readonly live: LiveRun; readonly moving: boolean }) {
  const everyMs = moving ? plotsEveryMs : null;
  // A run that came to rest is asked once more: its last points are recorded by then.
  const turn = moving ? 'moving' : `${run.attempt} ${run.state} ${run.step}`;
  const names = metricNames(run.series);
  const [chosen, setChosen] = useState<string | null>(null);
  const metric = chosen ?? names.find((name) => name === 'grad_norm') ?? names[0];
  return (
    <section aria-labelledby="plots" class="plots" key={turn}>
      <h2 class="hidden" id="plots">
        Plots
      </h2>
      <MetricPlot
        title="Training loss"
        unit="nats a token, or the mean square"
        lines={run.tasks.map(({ task }) => ({ run: run.run, metric: `${task}.train.loss`, label: task }))}
        format={formatFigure}
        everyMs={everyMs}
        live={live.series}
      />
      <MetricPlot
        title="Throughput"
        unit="tokens a second"
        lines={[{ run: run.run, metric: 'tokens_per_second', label: 'all lanes' }]}
        format={formatCount}
        everyMs={everyMs}
        live={live.series}
      />
      <ConflictPlot run={run.run} everyMs={everyMs} />
      {metric === undefined ? null : (
        <MetricPlot
          title="Any metric"
          unit=""
          lines={[{ run: run.run, metric, label: metric }]}
          format={formatFigure}
          everyMs={everyMs}
          tools={<MetricChoice names={names} chosen={metric} onChoose={setChosen} />}
        />
      )}
    </section>
  );
}

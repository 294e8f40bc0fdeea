import { formatDuration } from '@tributary/presentation';
import { isResting, type RunListDocument } from '@tributary/protocol';
import type { ListedRun } from '../api/api-client.js';
import { Link } from '../parts/link.js';
import { ProgressBar } from '../parts/progress-bar.js';
import { StateBadge } from '../parts/state-badge.js';
import { TableScroll } from '../parts/table-scroll.js';
import { Ago, Time, useNowMs } from '../parts/time.js';
import { formatFigure } from '../plots/number-format.js';
import { addresses } from '../routing.js';

export interface RunTableProps {
  readonly list: RunListDocument;
  /** Runs that are marked to be compared. */
  readonly chosen: readonly string[];
  readonly onToggle: (run: string) => void;
}

/** A line for each run; what the filter speaks of has columns of its own. */
export function RunTable({ list: { runs, columns }, chosen, onToggle }: RunTableProps) {
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
            {columns.map(({ name, type }) => (
              <th scope="col" class={type === 'number' ? 'number' : undefined} key={name}>
                <code>{name}</code>
              </th>
            ))}
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
              {columns.map(({ name, type }) => (
                <td class={type === 'number' ? 'number' : undefined} key={name}>
                  {shown(run.values[name] ?? null)}
                </td>
              ))}
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

function shown(value: string | number | boolean | null): string {
  if (value === null) return '–';
  return typeof value === 'number' ? formatFigure(value) : String(value);
}

function Took({ run: { startedAt, endedAt, state } }: { readonly run: ListedRun }) {
  const nowMs = useNowMs(5_000);
  if (startedAt === null) return <>–</>;
  const endMs = endedAt !== null ? Date.parse(endedAt) : isResting(state) ? null : nowMs;
  return <>{endMs === null ? '–' : formatDuration(endMs - Date.parse(startedAt))}</>;
}

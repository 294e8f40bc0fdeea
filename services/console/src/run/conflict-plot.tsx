import { formatCosine, formatShare, mostConflictingFirst } from '@tributary/presentation';
import type { ConflictsDocument } from '@tributary/protocol';
import { useApi } from '../api/api-context.js';
import { ApiError } from '../api/api-error.js';
import { useResource } from '../api/use-resource.js';
import { Stale } from '../parts/stale.js';
import { TableScroll } from '../parts/table-scroll.js';
import { LineSample, Plot } from '../plots/plot.js';

/** Stretches of steps: enough for a line, few enough to be means. */
const buckets = 48;
/** Pairs that are drawn; the table has them all. */
const drawnPairs = 8;

/** How far the tasks' gradients agree over time: cosines of each pair, and how often it is in conflict. */
export function ConflictPlot({ run, everyMs }: { readonly run: string; readonly everyMs: number | null }) {
  const client = useApi();
  const conflicts = useResource(`conflicts ${run}`, everyMs, (signal) =>
    client.conflicts(run, buckets, signal).catch((error: unknown) => {
      if (error instanceof ApiError && error.code === 'NOT_RECORDED') return null;
      throw error;
    }),
  );
  const document = conflicts.data;
  const pairs = document === null ? [] : mostConflictingFirst(document.pairs);
  const drawn = pairs.slice(0, drawnPairs);
  const largest = Math.max(
    0.05,
    ...drawn.flatMap(({ over }) => over.map(({ meanCosine }) => Math.abs(meanCosine ?? 0))),
  );
  const bound = Math.min(1, Math.ceil(largest * 11) / 10);
  return (
    <Plot
      title="Gradient conflicts"
      unit="cosine; below 0 two tasks pull apart"
      series={drawn.map(({ task, other, over }) => ({
        label: `${task} / ${other}`,
        steps: document?.buckets.map(({ from, to }) => Math.round((from + to) / 2)) ?? [],
        values: over.map(({ meanCosine }) => meanCosine),
      }))}
      format={formatCosine}
      range={[-bound, bound]}
      mark={0}
      empty={
        conflicts.error !== null && document === null
          ? `Conflicts could not be loaded: ${conflicts.error}`
          : 'No step with two tasks is recorded yet. A run with one task has no conflicts.'
      }
    >
      {document === null || pairs.length === 0 ? null : <PairTable document={document} />}
      <Stale of={conflicts} />
    </Plot>
  );
}

function PairTable({ document: { pairs, steps } }: { readonly document: ConflictsDocument }) {
  return (
    <TableScroll label="Conflicts by pair of tasks">
      <table>
        <caption class="hidden">Conflicts by pair of tasks, over {steps} recorded steps</caption>
        <thead>
          <tr>
            <th scope="col">tasks</th>
            <th scope="col" class="number">
              steps
            </th>
            <th scope="col" class="number">
              mean cosine
            </th>
            <th scope="col" class="number">
              in conflict
            </th>
          </tr>
        </thead>
        <tbody>
          {mostConflictingFirst(pairs).map((pair, place) => (
            <tr key={`${pair.task}/${pair.other}`}>
              <th scope="row">
                {place < drawnPairs ? <LineSample place={place} /> : null}
                {pair.task} / {pair.other}
              </th>
              <td class="number">{pair.steps}</td>
              <td class="number">{formatCosine(pair.meanCosine)}</td>
              <td class="number">{pair.conflictShare === null ? '' : formatShare(pair.conflictShare)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableScroll>
  );
}

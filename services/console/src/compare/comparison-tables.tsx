import type { ComparisonDocument } from '@tributary/protocol';
import { DataTable } from '../parts/data-table.js';
import { lastValue } from './last-value.js';

export function DifferingFields({ comparison: { runs, params, equal } }: { readonly comparison: ComparisonDocument }) {
  return (
    <>
      <DataTable
        caption="Fields that differ"
        rows={params}
        keyOf={({ key }) => key}
        columns={[
          { title: 'field', cell: ({ key }) => <code>{key}</code> },
          ...runs.map(({ run }, place) => ({
            title: run,
            cell: ({ values }: ComparisonDocument['params'][number]) =>
              values[place] ?? <span class="none">not there</span>,
          })),
        ]}
        empty="Nothing: their run files are the same."
      />
      {params.length === 0 ? null : <p class="fine">{equal.params} more fields are the same in all.</p>}
    </>
  );
}

export interface MetricsProps {
  readonly comparison: ComparisonDocument;
  /** `timing`: durations and the like, which depend on the machine. */
  readonly kind: 'point' | 'timing';
  readonly caption: string;
}

/** The best of each metric is marked, where less or more of it is better. */
export function MetricsSideBySide({ comparison: { runs, metrics }, kind: wanted, caption }: MetricsProps) {
  return (
    <DataTable
      caption={caption}
      rows={metrics.filter(({ kind }) => kind === wanted)}
      keyOf={({ metric }) => metric}
      columns={[
        { title: 'metric', cell: ({ metric }) => <code>{metric}</code> },
        ...runs.map(({ run }, place) => ({
          title: run,
          numeric: true,
          cell: ({ values, best }: ComparisonDocument['metrics'][number]) => {
            const last = lastValue(values[place] ?? null);
            if (last === null) return <span class="none">–</span>;
            if (!best.includes(place)) return last;
            return (
              <strong class="best">
                <span class="hidden">best: </span>
                {last}
              </strong>
            );
          },
        })),
      ]}
      empty="None is recorded yet, or all are the same."
    />
  );
}

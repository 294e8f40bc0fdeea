import { formatBytes, formatResult, resultOrder } from '@tributary/presentation';
import type { RunDocument } from '@tributary/protocol';
import { DataTable } from '../parts/data-table.js';
import { Time } from '../parts/time.js';

/** Results on held-out data, a column for each. */
export function ResultTable({ run: { tasks } }: { readonly run: RunDocument }) {
  const names = resultOrder(tasks.flatMap(({ results }) => Object.keys(results)));
  return (
    <DataTable
      caption="Held-out results"
      rows={names.length === 0 ? [] : tasks}
      keyOf={({ task }) => task}
      columns={[
        { title: 'task', cell: ({ task }) => task },
        ...names.map((name) => ({
          title: name.replaceAll('_', ' '),
          numeric: true,
          cell: ({ results }: RunDocument['tasks'][number]) => {
            const value = results[name];
            if (value === undefined) return '';
            return value === null ? 'not a number' : formatResult(name, value);
          },
        })),
      ]}
      empty="There are none before the run has finished: held-out data is looked at once, at the end."
    />
  );
}

export function CheckpointTable({ run }: { readonly run: RunDocument }) {
  return (
    <DataTable
      caption="Checkpoints, newest first"
      rows={run.checkpoints}
      keyOf={({ step }) => step}
      columns={[
        { title: 'step', numeric: true, cell: ({ step }) => step },
        { title: 'attempt', numeric: true, cell: ({ attempt }) => attempt },
        { title: 'size', numeric: true, cell: ({ sizeBytes }) => formatBytes(sizeBytes) },
        { title: 'committed', cell: ({ committedAt }) => <Time at={committedAt} /> },
        { title: 'state hash', cell: ({ stateHash }) => <code title={stateHash}>{stateHash.slice(0, 16)}</code> },
      ]}
      empty="None is committed yet."
    />
  );
}

export function AttemptTable({ run }: { readonly run: RunDocument }) {
  return (
    <DataTable
      caption="Attempts"
      rows={run.attempts}
      keyOf={({ attempt }) => attempt}
      columns={[
        { title: 'attempt', numeric: true, cell: ({ attempt }) => attempt },
        { title: 'state', cell: ({ state }) => state ?? run.state },
        { title: 'started', cell: ({ startedAt }) => <Time at={startedAt} /> },
        { title: 'ended', cell: ({ endedAt }) => (endedAt === null ? '' : <Time at={endedAt} />) },
        { title: 'reason', cell: ({ reason }) => reason ?? '' },
      ]}
      empty="It has not been tried yet."
    />
  );
}

export function GenerationTable({ run }: { readonly run: RunDocument }) {
  return (
    <DataTable
      caption="Generations"
      rows={run.generations}
      keyOf={({ generation }) => generation}
      columns={[
        { title: 'generation', numeric: true, cell: ({ generation }) => generation },
        { title: 'attempt', numeric: true, cell: ({ attempt }) => attempt },
        { title: 'from step', numeric: true, cell: ({ resumeStep }) => resumeStep },
        {
          title: 'lanes by worker',
          cell: ({ members }) => members.map(({ worker, lanes }) => `${worker}: ${lanes.join(', ')}`).join('; '),
        },
        { title: 'ended as', cell: ({ outcome }) => (outcome === null ? 'open' : outcome.replaceAll('-', ' ')) },
        { title: 'why', cell: ({ outcomeReason }) => outcomeReason ?? '' },
      ]}
      empty="None has begun yet."
    />
  );
}

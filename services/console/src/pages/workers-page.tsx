import type { WorkerDocument } from '@tributary/protocol';
import { useApi } from '../api/api-context.js';
import { useResource } from '../api/use-resource.js';
import { DataTable } from '../parts/data-table.js';
import { Link } from '../parts/link.js';
import { Pending, Stale } from '../parts/stale.js';
import { Ago } from '../parts/time.js';
import { useTitle } from '../parts/use-title.js';
import { healthOf, WorkerHealth, workerPhase } from '../parts/worker-health.js';
import { addresses } from '../routing.js';

/** Every worker that was ever seen: those that are there first. */
export function WorkersPage() {
  useTitle('Workers');
  const client = useApi();
  const workers = useResource('workers', 3_000, (signal) => client.workers(signal));
  const found = (workers.data?.workers ?? []).toSorted(
    (a, b) => Number(b.live) - Number(a.live) || a.worker.localeCompare(b.worker, 'en', { numeric: true }),
  );
  const live = found.filter((worker) => worker.live);
  const busy = live.filter(({ trainer }) => trainer !== null);
  return (
    <>
      <div class="page-head">
        <h1>Workers</h1>
        {workers.data === null ? null : (
          <p class="summary">
            {live.length} live, {busy.length} training, {live.length - busy.length} free
          </p>
        )}
      </div>
      <Pending of={workers} what="workers" />
      <Stale of={workers} />
      {workers.data === null ? null : (
        <DataTable
          caption="Workers"
          rows={found}
          keyOf={({ worker }) => worker}
          columns={columns}
          empty="No worker was ever seen; start some with: npx tributary up --workers 3"
        />
      )}
    </>
  );
}

const columns = [
  { title: 'worker', cell: ({ worker }: WorkerDocument) => worker },
  {
    title: 'health',
    cell: (worker: WorkerDocument) => (
      <>
        <WorkerHealth worker={worker} />
        {worker.quarantined === null ? null : <span class="why">{worker.quarantined}</span>}
      </>
    ),
  },
  {
    title: 'run',
    cell: ({ trainer }: WorkerDocument) =>
      trainer === null ? '' : <Link href={addresses.run(trainer.run)}>{trainer.run}</Link>,
  },
  { title: 'does', cell: (worker: WorkerDocument) => (healthOf(worker) === 'lost' ? '' : workerPhase(worker)) },
  { title: 'device', cell: ({ device }: WorkerDocument) => `${device.device}, ${device.model}` },
  { title: 'backend', cell: ({ device }: WorkerDocument) => device.backendVersion },
  { title: 'host', cell: ({ host }: WorkerDocument) => host },
  { title: 'seen', cell: ({ seenAt }: WorkerDocument) => <Ago at={seenAt} /> },
];

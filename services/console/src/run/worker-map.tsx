import { lanesOf } from '@tributary/planner';
import type { RunDocument, WorkerDocument } from '@tributary/protocol';
import { useApi } from '../api/api-context.js';
import { useResource } from '../api/use-resource.js';
import { Pending, Stale } from '../parts/stale.js';
import { WorkerHealth, workerPhase } from '../parts/worker-health.js';

/** Which worker trains which lanes now, and whether it is there. */
export function WorkerMap({ run }: { readonly run: RunDocument }) {
  const client = useApi();
  const workers = useResource('workers', 3_000, (signal) => client.workers(signal));
  const newest = run.generations.reduce<RunDocument['generations'][number] | null>(
    (before, each) => (before === null || each.generation > before.generation ? each : before),
    null,
  );
  if (newest === null) return <p class="empty">No worker has trained this run yet.</p>;
  const open = newest.endedAt === null;
  const lanes = lanesOf({ tasks: run.tasks.map(({ task, replicas }) => ({ name: task, replicas })) });
  const places = new Map(run.tasks.map(({ task }, place) => [task, place]));
  return (
    <>
      <p class="fine">
        Generation {newest.generation}, from step {newest.resumeStep}
        {open ? '' : `; it has ended${newest.outcome === null ? '' : `: ${newest.outcome.replaceAll('-', ' ')}`}`}
      </p>
      <Pending of={workers} what="workers" />
      <Stale of={workers} />
      <ul class="worker-map">
        {newest.members.map(({ member, worker, lanes: own }) => {
          const found = workers.data?.workers.find((each) => each.worker === worker);
          return (
            <li key={member} class={found !== undefined && !found.live && open ? 'worker worker-away' : 'worker'}>
              <div class="worker-head">
                <span class="worker-name">{worker}</span>
                {found === undefined ? null : <WorkerHealth worker={found} />}
              </div>
              <p class="worker-doing">{doing(found, run.run, open)}</p>
              <ul class="lanes" aria-label={`Lanes of ${worker}`}>
                {own.map((index) => {
                  const lane = lanes[index];
                  if (lane === undefined) return null;
                  return (
                    <li
                      key={index}
                      class="lane"
                      style={{ '--lane': `var(--line-${((places.get(lane.task) ?? 0) % 8) + 1})` }}
                    >
                      {lane.task}
                      {lane.replicas > 1 ? (
                        <span class="replica">
                          {' '}
                          {lane.replica + 1}/{lane.replicas}
                        </span>
                      ) : null}
                    </li>
                  );
                })}
                {own.length === 0 ? <li class="fine">no lane: it only keeps shards</li> : null}
              </ul>
            </li>
          );
        })}
      </ul>
    </>
  );
}

function doing(worker: WorkerDocument | undefined, run: string, open: boolean): string {
  if (worker === undefined) return 'unknown';
  if (!open) return 'gave its lanes back';
  return worker.trainer?.run === run ? workerPhase(worker) : 'does not train this run now';
}

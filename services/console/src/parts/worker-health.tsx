import type { WorkerDocument } from '@tributary/protocol';

type Health = 'live' | 'draining' | 'quarantined' | 'lost';

export function healthOf({ live, draining, quarantined }: WorkerDocument): Health {
  if (quarantined !== null) return 'quarantined';
  if (draining) return 'draining';
  return live ? 'live' : 'lost';
}

/** Whether a worker is there, by word and shape. */
export function WorkerHealth({ worker }: { readonly worker: WorkerDocument }) {
  const health = healthOf(worker);
  return <span class={`health health-${health}`}>{health}</span>;
}

/** What a worker does, in words: `training, step 40`. */
export function workerPhase({ trainer }: WorkerDocument): string {
  if (trainer === null) return 'idle';
  if (trainer.died !== null) return `its trainer died: ${trainer.died.reason}`;
  const waits = trainer.awaiting?.kind === 'members' ? `, waits for member ${trainer.awaiting.members.join(', ')}` : '';
  return `${trainer.phase}, step ${trainer.step}${waits}`;
}

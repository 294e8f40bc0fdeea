import { recorderFaultPoints } from '@tributary/recorder';
import { trainerFaultPoints } from '@tributary/trainer';
import type { Ground } from './fault-schedule.js';

/** What the chaos driver's stack allows. The last worker is the one behind a network of its own. */
export function groundOf(workers: readonly string[], far: boolean): Ground {
  return {
    workers,
    farWorker: far ? (workers.at(-1) ?? null) : null,
    trainerPoints: trainerFaultPoints,
    recorderPoints: recorderFaultPoints,
  };
}

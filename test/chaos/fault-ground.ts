import type { TrainerFaultPoint } from '@tributary/trainer';
import type { Ground } from './fault-schedule.js';

/** Between the phases of a step, at the halves of a snapshot, within a checkpoint, at the end. */
const trainerPoints: readonly TrainerFaultPoint[] = [
  'gradients-computed',
  'contributed',
  'result',
  'advanced',
  'snapshot-copied',
  'snapshot-written',
  'checkpoint-put',
  'ending',
];

/** What the chaos driver's stack allows. The last worker is the one behind a network of its own. */
export function groundOf(workers: readonly string[], far: boolean): Ground {
  return {
    workers,
    farWorker: far ? (workers.at(-1) ?? null) : null,
    trainerPoints,
    recorderPoints: ['batch-copied', 'batch-committed', 'part-added', 'manifest-written', 'checkpoint-committed'],
  };
}

import type { RunFileInput } from '@tributary/config';
import { smallRun } from '../support/small-run.js';

/** Three tasks, four lanes and some ten blocks, which three workers share unevenly: long enough for its faults. */
export function chaosJob(steps: number, name: string): RunFileInput & { budget: { steps: number } } {
  return {
    ...smallRun,
    experiment: name,
    checkpoints: { every: 20, keep: 1000 },
    snapshots: { every: 5 },
    workers: { min: 1, max: 3, grace: '5s' },
    budget: { steps },
  };
}

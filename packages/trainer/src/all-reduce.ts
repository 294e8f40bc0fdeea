import type { RunFile } from '@tributary/config';
import { createOptimizer } from '@tributary/engine';
import type { SyncStrategy } from './sync-strategy.js';

/** Gradients are combined at every step; a lane keeps nothing from one to the next. */
export function allReduce({ optimizer: spec, schedule, budget, clip }: RunFile): SyncStrategy {
  const optimizer = createOptimizer(spec, schedule, budget.steps);
  return {
    steps: 1,
    optimizer,
    clipNorm: clip?.globalNorm ?? null,
    learningRate: (done) => optimizer.learningRate(done),
    begin: () => {},
    request: (step, buffers, lanes) => ({ kind: 'step', step, buffers, lanes }),
    adopt: () => {},
    laneTensors: () => ({}),
    restoreLane: () => {},
  };
}

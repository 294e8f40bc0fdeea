import type { Combiner } from '../combiner.js';
import { softmax } from './softmax.js';
import { stateVector } from './task-state.js';

/**
 * Dynamic weight average (Liu et al. 2019): softmax(rᵢ/temperature), rᵢ the task's mean loss over one window divided by
 * that over the window before: tasks whose loss falls slowly weigh more. The paper's window is an epoch; here `window` steps
 * in which the task was present. Sum 1 (the paper: T).
 *
 * State: `sum` and `count` of the running window, the means `newer` and `older` of the last two, `windows` completed. A task
 * with fewer than two windows, or with a mean that is not above 0, counts as unchanged (r = 1). Gradients are not looked at. Uses Math.exp.
 */
export function dwa(temperature: number, window: number): Combiner {
  return ({ losses, tasks, taskCount, state }) => {
    const vector = (name: string) => stateVector(state, name, taskCount, 0);
    const sum = vector('sum');
    const count = vector('count');
    const newer = vector('newer');
    const older = vector('older');
    const windows = vector('windows');
    const weights = softmax(
      tasks.map((task) => {
        const now = newer[task] as number;
        const before = older[task] as number;
        return ((windows[task] as number) >= 2 && now > 0 && before > 0 ? now / before : 1) / temperature;
      }),
    );
    tasks.forEach((task, i) => {
      sum[task] = (sum[task] as number) + (losses[i] as number);
      count[task] = (count[task] as number) + 1;
      if ((count[task] as number) < window) return;
      older[task] = newer[task] as number;
      newer[task] = (sum[task] as number) / (count[task] as number);
      windows[task] = Math.min(2, (windows[task] as number) + 1);
      sum[task] = 0;
      count[task] = 0;
    });
    return { weights, state: { sum, count, newer, older, windows } };
  };
}

import type { GenerationOutcome } from '@tributary/protocol';
import type { Supervision } from './supervision.js';

/** The outcome that the endings so far give: any failure at once, else once all members have ended. */
export function concludeEndings(state: Supervision): GenerationOutcome | null {
  for (const { worker, ending } of state.members)
    if (ending?.outcome === 'failed')
      return { kind: 'failed', step: state.step, code: ending.code, reason: `worker ${worker}: ${ending.reason}` };
  const endings = state.members.map((member) => member.ending).filter((ending) => ending !== null);
  const [first] = endings;
  if (first === undefined || endings.length < state.members.length) return null;
  if (endings.some((ending) => ending.outcome !== first.outcome || ending.step !== first.step))
    return {
      kind: 'failed',
      step: state.step,
      code: 'DIVERGED',
      reason: `members ended differently: ${state.members
        .map(({ worker, ending }) => `${worker} ${ending?.outcome} at step ${ending?.step}`)
        .join(', ')}`,
    };
  const { step } = first;
  switch (first.outcome) {
    case 'paused':
      return { kind: 'paused', step, reason: first.reason };
    case 'handed-over':
      return { kind: 'handed-over', step, reason: first.reason ?? state.handOver };
    case 'finished':
      return first.reason === null ? { kind: 'finished', step } : { kind: 'finished', step, reason: first.reason };
    default:
      return { kind: 'cancelled', step };
  }
}

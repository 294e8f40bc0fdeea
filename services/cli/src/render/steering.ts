import {
  type AttemptReplyDocument,
  type ForkReplyDocument,
  isResting,
  type ScaleReplyDocument,
} from '@tributary/protocol';
import color from 'picocolors';
import { printable } from './quantities.js';
import { table } from './tables.js';

/** What becomes of a run that was asked to pause. */
export function pauseText({ run, state }: AttemptReplyDocument): string {
  if (state === 'queued')
    return `Run ${run} keeps its place in the queue and pauses once it has begun; to take it out of the queue: npx tributary cancel ${run}`;
  if (isResting(state)) return `Run ${run} is ${state}`;
  return `Run ${run} pauses at its next step and gives its workers back; go on later with: npx tributary resume ${run}`;
}

/** What becomes of a run that was asked to take another number of workers. */
export function scaleText({ run, workers, now, free }: ScaleReplyDocument): string {
  const count = (n: number) => `${n} ${n === 1 ? 'worker' : 'workers'}`;
  if (now === 0)
    return `Run ${run} trains on up to ${count(workers)} once it has them; follow it with: npx tributary watch ${run}`;
  if (workers === now) return `Run ${run} trains on ${count(now)} already, and stays there`;
  const moves = 'hands its lanes over at its next step, without losing one,';
  if (workers < now)
    return `Run ${run} ${moves} and goes on with ${workers} of its ${count(now)}; the result stays the same`;
  if (now + free >= workers)
    return `Run ${run} ${moves} and goes on with ${count(workers)} in place of ${now}; the result stays the same`;
  return `Run ${run} takes up to ${count(workers)} as they become free: it has ${now}, and ${free === 0 ? 'none is' : free === 1 ? '1 is' : `${free} are`} free now; start more with: npx tributary up --workers N`;
}

/** A fork, where it begins and what it changes. */
export function forkText({ run, state, parent, changes, remarks }: ForkReplyDocument, watched: boolean): string {
  const lines = [
    `Run ${run}${watched ? '' : ` is ${state}`}: forked from ${parent.run} at step ${parent.step}${changes.length === 0 ? ', without changes' : ''}`,
  ];
  if (changes.length > 0)
    lines.push(
      table(
        ['field', 'parent', 'fork'],
        changes.map(({ field, from, to }) => [field, value(from), value(to)]),
      ),
    );
  for (const remark of remarks) lines.push(color.yellow(`${remark[0]?.toUpperCase()}${printable(remark.slice(1))}`));
  if (!watched) lines.push(`Follow it with: npx tributary watch ${run}`);
  return lines.join('\n');
}

function value(each: unknown): string {
  return each === null ? '' : typeof each === 'string' ? each : JSON.stringify(each);
}

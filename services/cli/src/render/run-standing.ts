import type { RunDocument } from '@tributary/protocol';
import color from 'picocolors';
import { formatTime, printable } from './quantities.js';

/** Most forks that are named. */
const shownForks = 5;

/** Where it was forked from, and what was forked from it. */
export function family({ parent, children }: RunDocument): string[] {
  const lines = parent === null ? [] : [`Forked from ${parent.run} at step ${parent.step}`];
  if (children.length === 0) return lines;
  const shown = children.slice(0, shownForks).map(({ run, step, state }) => `${run} (step ${step}, ${state})`);
  const more = children.length > shownForks ? `, and ${children.length - shownForks} more` : '';
  return [...lines, `Forks: ${shown.join(', ')}${more}`];
}

/** What users have written on a run, a line each; none where there is nothing. */
export function labels({ tags, note, archivedAt }: RunDocument): string[] {
  const pairs = Object.entries(tags).map(([key, value]) => `${key}=${value}`);
  return [
    ...(pairs.length === 0 ? [] : [printable(`Tags: ${pairs.join(', ')}`)]),
    ...(note === null ? [] : [`Note: ${note.split('\n').map(printable).join('\n      ')}`]),
    ...(archivedAt === null ? [] : [`Archived ${formatTime(archivedAt)}`]),
  ];
}

/**
 * Why a run failed, where it stood and how to go on, in one line; null for every other run.
 * `Failed at step 45 of 80 (newest checkpoint: step 40): no worker left. Go on with: npx tributary resume … --watch`
 */
export function failureLine({ run, state, reason, step, targetSteps, checkpoints }: RunDocument): string | null {
  if (state !== 'failed') return null;
  const newest = checkpoints[0];
  const from = newest === undefined ? 'no checkpoint yet' : `newest checkpoint: step ${newest.step}`;
  const why = printable((reason ?? 'for a reason that was not told').replace(/\s+/g, ' ')).replace(/[.;:]+$/, '');
  const again = newest === undefined ? 'Start it again with' : 'Go on with';
  return color.red(
    `Failed at step ${step}${targetSteps === null ? '' : ` of ${targetSteps}`} (${from}): ${why}. ${again}: npx tributary resume ${run} --watch`,
  );
}

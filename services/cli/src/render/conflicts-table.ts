import { formatCosine, mostConflictingFirst } from '@tributary/presentation';
import type { ConflictsDocument, PairConflictsDocument } from '@tributary/protocol';
import color from 'picocolors';
import { formatShare, printable } from './quantities.js';
import { shorten, table } from './tables.js';

/** Columns of a terminal that the table fits into, as long as its stretches do. */
const lineWidth = 100;
/** Most pairs shown; JSON has them all. */
const shownPairs = 20;

/** Every pair of tasks, those in conflict most often first. */
export function conflictsTable(document: ConflictsDocument): string {
  const { run, group, groups, from, to, steps, buckets, pairs } = document;
  const sorted = mostConflictingFirst(pairs);
  const shown = sorted.slice(0, shownPairs);
  const largest = Math.max(...pairs.flatMap(({ over }) => over.map(({ meanCosine }) => Math.abs(meanCosine ?? 0))));
  const sometimesAbsent = shown.some((pair) => pair.steps !== steps);
  const cells = shown.map((pair) => [
    ...(sometimesAbsent ? [String(pair.steps)] : []),
    formatCosine(pair.meanCosine),
    pair.conflictShare === null ? '' : formatShare(pair.conflictShare),
    pair.over.map(({ meanCosine }) => bar(meanCosine, largest)).join(''),
    worst(pair, buckets),
  ]);
  const head = [...(sometimesAbsent ? ['steps'] : []), 'cosine', 'conflict', `steps ${stretch({ from, to })}`, 'worst'];
  const taken = head.map((title, column) => Math.max(title.length, ...cells.map((row) => row[column]?.length ?? 0)));
  // Each column has a margin of three, and so has that of the pairs, which takes what is left.
  const room = lineWidth - taken.reduce((sum, width) => sum + width + 3, 3);
  const names = pairNames(shown, Math.max(room, 15));
  const numeric = head.flatMap((title, column) =>
    ['steps', 'cosine', 'conflict'].includes(title) ? [column + 1] : [],
  );
  const lines = [
    `Run ${color.bold(printable(run))}: gradients of ${group === null ? 'all shared parameters' : `group ${printable(group)}`}, ${steps === 1 ? '1 recorded step' : `${steps} recorded steps`} from ${from} to ${to}`,
    '',
    table(
      ['tasks', ...head],
      cells.map((row, index) => [names[index] ?? '', ...row]),
      numeric,
    ),
  ];
  if (sorted.length > shown.length) lines.push(`… and ${sorted.length - shown.length} more pairs; --json has them all`);
  lines.push('', color.dim(legend(largest)));
  if (groups.length > 1) lines.push(color.dim(`Groups, one with --group: ${groups.map(printable).join(', ')}`));
  return lines.join('\n');
}

/** `Conflicts: a and b in 31.0% of steps (mean cosine 0.123); all pairs: …`; null where no two tasks ever were. */
export function conflictsLine({ run, pairs }: ConflictsDocument): string | null {
  const [most] = mostConflictingFirst(pairs);
  if (most === undefined || most.conflictShare === null || most.conflictShare === 0) return null;
  const { task, other, conflictShare, meanCosine } = most;
  return printable(
    `Conflicts: ${task} and ${other} in ${formatShare(conflictShare)} of steps (mean cosine ${formatCosine(meanCosine)}); all pairs: npx tributary runs conflicts ${run}`,
  );
}

const apart = '▁▂▃▄';
const together = '▅▆▇█';

/** A mean cosine as one of eight heights, four below 0 and four from it up. */
function bar(cosine: number | null, largest: number): string {
  if (cosine === null) return '·';
  const height = largest === 0 ? 0 : Math.min(3, Math.floor((Math.abs(cosine) / largest) * 4));
  return (cosine < 0 ? apart[3 - height] : together[height]) ?? '';
}

function legend(largest: number): string {
  const most = formatCosine(largest);
  return `Each bar is the mean cosine of a stretch of steps: ▁▂▃▄ from -${most} to 0 (in conflict), ▅▆▇█ from 0 to ${most}`;
}

function worst({ over }: PairConflictsDocument, buckets: ConflictsDocument['buckets']): string {
  const lowest = Math.min(...over.map(({ meanCosine }) => meanCosine ?? Number.POSITIVE_INFINITY));
  const bucket = buckets[over.findIndex(({ meanCosine }) => meanCosine === lowest)];
  return bucket === undefined ? '' : `${formatCosine(lowest)} at ${stretch(bucket)}`;
}

function stretch({ from, to }: { readonly from: number; readonly to: number }): string {
  return from === to ? String(from) : `${from}-${to}`;
}

/** Names of pairs, each cut where the column is too narrow. */
function pairNames(pairs: readonly PairConflictsDocument[], width: number): string[] {
  const widest = Math.max(0, ...pairs.map(({ task, other }) => task.length + other.length + 3));
  const each = widest <= width ? widest : Math.floor((width - 3) / 2);
  return pairs.map(({ task, other }) => `${shorten(task, each)} / ${shorten(other, each)}`);
}

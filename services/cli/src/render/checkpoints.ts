import type { CheckpointListDocument, CheckpointVerificationDocument, PruneReplyDocument } from '@tributary/protocol';
import color from 'picocolors';
import { formatBytes, formatTime, printable } from './quantities.js';
import { table } from './tables.js';

export function checkpointTable({ run, checkpoints }: CheckpointListDocument): string {
  if (checkpoints.length === 0) return `Run ${run} has no checkpoint yet`;
  const rows = checkpoints.map((each) => [
    String(each.step),
    attemptOf(each.attempt),
    String(each.files),
    formatBytes(each.sizeBytes),
    formatTime(each.committedAt),
    each.stateHash.slice(0, 16),
    each.neededBy ?? '',
  ]);
  return table(['step', 'attempt', 'files', 'size', 'committed', 'state hash', 'kept as'], rows, [0, 1, 2, 3]);
}

/** A copied checkpoint is of no attempt of its run. */
export function attemptOf(attempt: number): string {
  return attempt === 0 ? 'parent' : String(attempt);
}

/** A line for a checkpoint, and one for each damaged file. */
export function verificationText({ step, intact, stateHash, files }: CheckpointVerificationDocument): string {
  const bytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const damaged = files.filter(({ problem }) => problem !== null);
  if (intact)
    return `Step ${step} ${color.green('intact')}: ${files.length} files, ${formatBytes(bytes)}, state ${stateHash.slice(0, 16)}`;
  const lines = damaged.map(
    ({ name, key, problem }) =>
      `  ${printable(name)}: ${printable(problem ?? '')}${(problem ?? '').includes(key) ? '' : ` (${key})`}`,
  );
  return [`Step ${step} ${color.red('damaged')}: ${damaged.length} of ${files.length} files`, ...lines].join('\n');
}

export function pruneText({ run, dryRun, deleted, kept }: PruneReplyDocument): string {
  const size = formatBytes(deleted.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0));
  const lines = [
    deleted.length === 0
      ? `Run ${run}: nothing to delete`
      : `Run ${run}: ${dryRun ? 'would delete' : 'deleted'} ${deleted.length === 1 ? 'the checkpoint of step' : 'the checkpoints of steps'} ${deleted
          .map(({ step }) => step)
          .reverse()
          .join(', ')} (${size})`,
    ...kept.map(({ step, reason }) => `  step ${step} stays: ${printable(reason)}`),
  ];
  if (dryRun && deleted.length > 0) lines.push('Nothing was deleted; do it without --dry-run');
  return lines.join('\n');
}

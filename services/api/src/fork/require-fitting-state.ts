import type { RunFile } from '@tributary/config';
import { type DifferenceDocument, TributaryError } from '@tributary/protocol';
import { changedFields } from '@tributary/run-store';

/** Fields that shape the state of a run or what its cursors count; all others may change in a fork. */
const shaping: readonly RegExp[] = [
  /^model\b/,
  /^init\b/,
  /^tasks$/,
  /^tasks\.[^.]+\.(name|replicas|data|head|generator)\b/,
  /^(splits|lengths|vocabulary)\b/,
  /^batch\.size$/,
  /^sync$/,
  /^sync\.(strategy|innerSteps)$/,
  /^optimizer\.kind$/,
];

/**
 * Refuses a fork that the parent's state does not fit.
 * @param parent what it forks, and the step
 * @throws TributaryError `SPEC_INVALID` naming the first such field
 */
export function requireFittingState(
  from: RunFile,
  to: RunFile,
  parent: { readonly run: string; readonly step: number },
): void {
  const misfit = changedFields(from, to).find(({ field }) => shaping.some((pattern) => pattern.test(field)));
  const feedback = (codec: string) => codec === 'int8';
  const codec: DifferenceDocument | undefined =
    feedback(from.sync.codec) === feedback(to.sync.codec)
      ? undefined
      : { field: 'sync.codec', from: from.sync.codec, to: to.sync.codec };
  const change = misfit ?? codec;
  if (change === undefined) return;
  const was = shown(change.from);
  const instead =
    change.field === 'init'
      ? 'a fork begins with the whole state of its parent'
      : 'the state that it begins with fits no other value';
  throw new TributaryError(
    'SPEC_INVALID',
    `${change.field} must stay ${was === null ? 'as it is' : was} in a fork of ${parent.run}${shown(change.to) === null ? '' : `, not ${shown(change.to)}`}: ${instead}; to begin with its parameters alone, launch a run file with init: { from: { run: ${parent.run}, step: ${parent.step} } }.`,
  );
}

/** A value that fits into a sentence; null: it does not, or there is none. */
function shown(value: unknown): string | null {
  return ['string', 'number', 'boolean'].includes(typeof value) ? String(value) : null;
}

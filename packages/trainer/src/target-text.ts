import { idsToText } from '@tributary/datasets';
import type { PreparedTask } from '@tributary/protocol';

/** Text of a task's target ids, up to `</s>`: what is shown, generated for users, and scored. */
export function targetText(
  { targetVocabulary, targetJoin }: Pick<PreparedTask, 'targetVocabulary' | 'targetJoin'>,
  ids: ArrayLike<number>,
): string {
  return idsToText(ids, targetVocabulary, targetJoin);
}

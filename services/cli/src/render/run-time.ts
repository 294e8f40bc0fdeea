import type { BadputCause, RecoveryCause, RunTimeDocument } from '@tributary/protocol';
import { formatShare } from './quantities.js';

const words: Readonly<Record<BadputCause, string>> = {
  'waiting-for-slots': 'waiting for slots',
  starting: 'starting',
  tracing: 'tracing',
  'worker-lost': 'recovering from lost workers',
  'user-code': 'recovering from crashes',
  infrastructure: 'recovering from servers',
  'hand-over': 'handing over',
  redone: 'redone',
  evaluating: 'evaluating',
  checkpointing: 'waiting for checkpoints',
  ending: 'ending',
};
const losses: Readonly<Record<RecoveryCause, string>> = {
  'worker-lost': 'lost workers',
  'user-code': 'crashes',
  infrastructure: 'servers',
  'hand-over': 'hand-overs',
};

/** A cause with less is left out. */
const smallestShare = 0.0005;

/** `Goodput 97.2% (starting 1.1%, redone 0.7%); 40 steps lost to lost workers`; null where it is not known. */
export function timeLine(time: RunTimeDocument | null): string | null {
  if (time === null || time.seconds <= 0) return null;
  const causes = (Object.entries(time.badputSeconds) as [BadputCause, number][])
    .map(([cause, seconds]) => ({ cause, share: seconds / time.seconds }))
    .filter(({ share }) => share >= smallestShare)
    .sort((a, b) => b.share - a.share)
    .map(({ cause, share }) => `${words[cause]} ${formatShare(share)}`);
  const lost = (Object.entries(time.lostSteps) as [RecoveryCause, number][]).map(
    ([cause, steps]) => `${steps} ${steps === 1 ? 'step' : 'steps'} lost to ${losses[cause]}`,
  );
  const goodput = `Goodput ${formatShare(time.goodputSeconds / time.seconds)}`;
  return [causes.length === 0 ? goodput : `${goodput} (${causes.join(', ')})`, ...lost].join('; ');
}

import { TributaryError } from '@tributary/protocol';
import { type PassTrainerFaultPoint, type TrainerFaultPoint, trainerFaultPoints } from '@tributary/trainer';

/** The agent's list of faults, of which each trainer process that it starts gets the next. */
export class TrainerFaults {
  readonly #left: string[];

  /** @param text `point:count,…`; empty: none */
  constructor(text: string | undefined) {
    this.#left = (text ?? '').split(',').filter(Boolean);
    for (const entry of this.#left) parse(entry);
  }

  /** For the next process; '' where the list is used up. */
  next(): string {
    return this.#left.shift() ?? '';
  }
}

/**
 * Reads `point:count`: this process is killed with SIGKILL when it passes the point for the count-th time. Empty: never.
 * @throws TributaryError `PREREQUISITE_MISSING` for a point that does not exist
 */
export function passTrainerFault(text: string | undefined): PassTrainerFaultPoint {
  if (!text) return () => {};
  const fatal = parse(text);
  let left = fatal.count;
  return (point) => {
    if (point !== fatal.point) return;
    left -= 1;
    if (left === 0) process.kill(process.pid, 'SIGKILL');
  };
}

function parse(entry: string): { readonly point: TrainerFaultPoint; readonly count: number } {
  const [name = '', count = '1'] = entry.split(':');
  const point = trainerFaultPoints.find((known) => known === name);
  if (!point || !/^[1-9]\d*$/.test(count))
    throw new TributaryError(
      'PREREQUISITE_MISSING',
      `TRIBUTARY_TRAINER_FAULTS names "${entry}"; it must be POINT:COUNT with a point of ${trainerFaultPoints.join(', ')}.`,
    );
  return { point, count: Number(count) };
}

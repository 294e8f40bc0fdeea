import { parseFaultPoints, passFaultPoints } from '@tributary/service-runtime';
import { type PassTrainerFaultPoint, trainerFaultPoints } from '@tributary/trainer';

const variable = 'TRIBUTARY_TRAINER_FAULTS';

/** The agent's list of faults, of which each trainer process that it starts gets the next. */
export class TrainerFaults {
  readonly #left: string[];

  /** @param text `point:count,…`; empty: none. @throws TributaryError `PREREQUISITE_MISSING` for a point that does not exist */
  constructor(text = '') {
    this.#left = parseFaultPoints(variable, text, trainerFaultPoints).map(({ point, count }) => `${point}:${count}`);
  }

  /** For the next process; '' where the list is used up. */
  next(): string {
    return this.#left.shift() ?? '';
  }
}

/** What this trainer process was given. @throws TributaryError `PREREQUISITE_MISSING` for a point that does not exist */
export function passTrainerFault(text = ''): PassTrainerFaultPoint {
  return passFaultPoints(parseFaultPoints(variable, text, trainerFaultPoints));
}

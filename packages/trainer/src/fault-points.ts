/** Where a test may have a trainer killed: between the phases of a step, at the halves of a snapshot, at its end. */
export const trainerFaultPoints = [
  'gradients-computed',
  'contributed',
  'result',
  'advanced',
  'snapshot-copied',
  'snapshot-written',
  'checkpoint-put',
  'ending',
] as const;
export type TrainerFaultPoint = (typeof trainerFaultPoints)[number];

/** Called each time the code passes a point. */
export type PassTrainerFaultPoint = (point: TrainerFaultPoint) => void;

import type { HeldOutExample } from './held-out.js';
import { copySource, leadWords, strippedLead } from './lead.js';
import { nearestNeighbour } from './nearest-neighbour.js';

/** What a trained model must beat: answers that take no training. */
export const floorNames = ['lead-8', 'lead-10', 'lead-8-stripped', 'copy-source', 'nearest-neighbour'] as const;
export type FloorName = (typeof floorNames)[number];

/** Answers to sources; `nearest-neighbour` alone looks at the training split, whose first references it gives. */
export function floorOf(name: FloorName, train: readonly HeldOutExample[]): (source: string) => string {
  switch (name) {
    case 'lead-8':
      return (source) => leadWords(source, 8);
    case 'lead-10':
      return (source) => leadWords(source, 10);
    case 'lead-8-stripped':
      return (source) => strippedLead(source, 8);
    case 'copy-source':
      return copySource;
    case 'nearest-neighbour':
      return nearestNeighbour(train.map(({ source, references: [target = ''] }) => ({ source, target })));
  }
}

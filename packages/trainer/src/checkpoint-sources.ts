import type { Optimizer } from '@tributary/engine';
import type { SequenceModel } from '@tributary/models';
import type { PartSource } from './checkpoint-writer.js';
import type { CursorPosition } from './compute-messages.js';
import type { MemberPlan } from './member-plan.js';
import type { RunState } from './run-state.js';
import { encodeLanePart, encodeVectorPart, vectorPart } from './state-parts.js';

export interface CheckpointedState {
  readonly plan: MemberPlan;
  readonly model: SequenceModel;
  readonly optimizer: Optimizer;
  readonly state: RunState;
  /** Where each hosted lane's cursor stands; a lane that has not begun is left out. */
  readonly cursors: ReadonlyMap<number, CursorPosition>;
}

/** Copies of this member's parts of the current state, to be encoded later. */
export function checkpointSources(
  { plan, model, optimizer, state, cursors }: CheckpointedState,
  metadata: Readonly<Record<string, string>>,
): PartSource[] {
  const sources: PartSource[] = [];
  if (plan.first) {
    const tensors = vectorPart(model.sharedLayout, state.shared, optimizer.slots, state.current);
    sources.push({ part: 'shared', encode: () => encodeVectorPart(tensors, metadata) });
  }
  for (const task of plan.ownedTasks) {
    const vector = state.tasks.get(task);
    if (!vector) throw new Error(`task "${task}" is owned here, but its state is not`);
    const tensors = vectorPart(model.task(task).layout, vector, optimizer.slots, state.current);
    sources.push({ part: `task-${task}`, encode: () => encodeVectorPart(tensors, metadata) });
  }
  for (const { lane } of plan.hosted) {
    const cursor = cursors.get(lane) ?? { epoch: 0, position: 0 };
    sources.push({ part: `lane-${lane}`, encode: () => encodeLanePart(cursor, metadata) });
  }
  return sources;
}

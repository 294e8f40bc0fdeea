import type { RunFile } from '@tributary/config';
import type { GenerationDocument, Lane, Member, PreparedRun } from '@tributary/protocol';
import type { LaneShare } from './compute-messages.js';

/** What one member does in a generation; a pure function of the documents. */
export interface MemberPlan {
  readonly member: Member;
  /** All lanes of the run. */
  readonly lanes: readonly Lane[];
  /** Lanes hosted here, in lane order. */
  readonly hosted: readonly Lane[];
  /** All tasks in run-file order. */
  readonly tasks: readonly string[];
  /** Tasks with a lane here: their state is kept here. */
  readonly hostedTasks: readonly string[];
  /** Tasks whose lowest lane is here: this member evaluates them and writes their part of a checkpoint. */
  readonly ownedTasks: readonly string[];
  /** Whether this member writes the shared part and the run's points. */
  readonly first: boolean;
}

export function memberPlan(
  document: GenerationDocument,
  memberIndex: number,
  prepared: PreparedRun,
  spec: RunFile,
): MemberPlan {
  const member = document.members.find((candidate) => candidate.member === memberIndex);
  if (!member) throw new Error(`generation ${document.generation} has no member ${memberIndex}`);
  const own = new Set<number>(member.lanes);
  const hosted = prepared.lanes.filter(({ lane }) => own.has(lane)).sort((a, b) => a.lane - b.lane);
  const tasks = spec.tasks.map(({ name }) => name);
  const lowestLane = (task: string) =>
    Math.min(...prepared.lanes.filter((lane) => lane.task === task).map(({ lane }) => lane));
  return {
    member,
    lanes: prepared.lanes,
    hosted,
    tasks,
    hostedTasks: tasks.filter((task) => hosted.some((lane) => lane.task === task)),
    ownedTasks: tasks.filter((task) => own.has(lowestLane(task))),
    first: memberIndex === Math.min(...document.members.map((candidate) => candidate.member)),
  };
}

/** The lanes that take part in an exchange. @param microbatches by lane; 0: it is absent */
export function sharesOf(lanes: readonly Lane[], microbatches: readonly number[]): LaneShare[] {
  return lanes
    .map(({ lane }) => ({ lane, microbatches: microbatches[lane] ?? 0 }))
    .filter((share) => share.microbatches > 0);
}

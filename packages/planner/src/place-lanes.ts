import type { Lane, Member, MemberIndex, WorkerId } from '@tributary/protocol';

/**
 * Assigns contiguous, even ranges of lanes to workers; earlier members take the surplus. Workers are taken in name order,
 * so the same set of workers gives the same members; those beyond the number of lanes are left out.
 * Which worker hosts a lane never changes a result, only where it is computed.
 */
export function placeLanes(lanes: readonly Lane[], workers: readonly WorkerId[]): Member[] {
  const hosts = [...new Set(workers)].sort().slice(0, lanes.length);
  const share = Math.floor(lanes.length / hosts.length);
  const surplus = lanes.length % hosts.length;
  return hosts.map((worker, member) => {
    const first = member * share + Math.min(member, surplus);
    const count = share + (member < surplus ? 1 : 0);
    return {
      member: member as MemberIndex,
      worker,
      lanes: lanes.slice(first, first + count).map((lane) => lane.lane),
    };
  });
}

import type { Member, WorkerId } from '@tributary/protocol';

/**
 * Gives each member the buddy that keeps copies of its snapshots: the next member round the ring on another host, where the
 * loss of one machine takes only one of the two; else the next member; null for a member that is alone.
 */
export function withBuddies(members: readonly Member[], hostOf: (worker: WorkerId) => string): Member[] {
  return members.map((member, index) => {
    const others = [...members.slice(index + 1), ...members.slice(0, index)];
    const apart = others.find(({ worker }) => hostOf(worker) !== hostOf(member.worker));
    return { ...member, buddy: (apart ?? others[0])?.worker ?? null };
  });
}

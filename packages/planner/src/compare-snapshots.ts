/** What one worker's snapshot says of the replicated shared state. */
export interface SnapshotHash {
  readonly worker: string;
  readonly step: number;
  readonly sharedHash: string;
}

/** Members take snapshots at the same steps, at most a few apart. */
const stepsKept = 8;

/** Takes in a hash; `differing` says how the workers differ that have a snapshot of this step, or is null. */
export function compareSnapshots(
  known: readonly SnapshotHash[],
  seen: SnapshotHash,
): { readonly known: readonly SnapshotHash[]; readonly differing: string | null } {
  if (known.some((one) => one.worker === seen.worker && one.step === seen.step && one.sharedHash === seen.sharedHash))
    return { known, differing: null };
  const all = [...known.filter((one) => one.worker !== seen.worker || one.step !== seen.step), seen];
  const same = all.filter(({ step }) => step === seen.step);
  const differing = same.every(({ sharedHash }) => sharedHash === seen.sharedHash)
    ? null
    : `the shared state at step ${seen.step} differs: ${same
        .map(({ worker, sharedHash }) => `worker ${worker} has ${sharedHash.slice(0, 12)}`)
        .join(', ')}`;
  const steps = [...new Set(all.map(({ step }) => step))].sort((a, b) => b - a).slice(0, stepsKept);
  return { known: all.filter(({ step }) => steps.includes(step)), differing };
}

import type {
  BadputCause,
  GenerationTime,
  GenerationTimeUse,
  RecoveryCause,
  RunTimeDocument,
} from '@tributary/protocol';

export interface AccountedAttempt {
  readonly attempt: number;
  readonly startedAtMs: number;
  /** Null while it goes on. */
  readonly endedAtMs: number | null;
}

export interface AccountedGeneration {
  readonly attempt: number;
  readonly resumeStep: number;
  readonly openedAtMs: number;
  /** Null while it goes on. */
  readonly endedAtMs: number | null;
  /** What the next one recovers from; null where its end was meant, and while it goes on. */
  readonly recovery: RecoveryCause | null;
  /** How long the run had waited for its slots before. */
  readonly waitedMs: number;
  /** Null where it is not known. */
  readonly time: GenerationTime | null;
}

/**
 * What became of the time of all attempts of a run: from each attempt's start to its end or, while it goes on, to where its newest
 * generation has been accounted for. Time between attempts is the user's. Null where no generation's time is known.
 *
 * A generation after one that was lost is recovering until its first step, whatever its trainers do meanwhile.
 *
 * @param generations oldest first
 */
export function runTime(
  attempts: readonly AccountedAttempt[],
  generations: readonly AccountedGeneration[],
): RunTimeDocument | null {
  if (generations.every(({ time }) => time === null)) return null;
  const account = new Account();
  for (const attempt of attempts)
    accountAttempt(
      account,
      attempt,
      generations.filter((generation) => generation.attempt === attempt.attempt),
    );
  for (const [index, { resumeStep }] of generations.entries()) {
    const before = generations[index - 1];
    if (before?.time) account.lose(before.recovery ?? 'infrastructure', before.time.reachedStep - resumeStep);
  }
  return account.document();
}

function accountAttempt(
  account: Account,
  { startedAtMs, endedAtMs }: AccountedAttempt,
  generations: readonly AccountedGeneration[],
): void {
  let atMs = startedAtMs;
  let recovering: RecoveryCause | null = null;
  for (const generation of generations) {
    const gapMs = Math.max(0, generation.openedAtMs - atMs);
    const waitedMs = Math.min(gapMs, generation.waitedMs);
    account.spend('waiting-for-slots', waitedMs);
    account.spend(recovering ?? 'starting', gapMs - waitedMs);
    const { uses, endMs } = usesOf(generation);
    for (const [use, ms] of uses) account.spend(causeOf(use, recovering, generation), ms);
    atMs = Math.max(atMs, endMs);
    const stepped = (generation.time?.reachedStep ?? 0) > generation.resumeStep;
    recovering = generation.recovery ?? (stepped ? null : recovering);
  }
  if (endedAtMs !== null) account.spend(generations.length > 0 ? 'ending' : 'starting', endedAtMs - atMs);
}

/** Fitted to the generation's times in the run store: what its supervisor missed is unsettled. */
function usesOf({ openedAtMs, endedAtMs, time }: AccountedGeneration): {
  readonly uses: readonly (readonly [GenerationTimeUse, number])[];
  readonly endMs: number;
} {
  const known = Object.entries(time?.ms ?? {}) as [GenerationTimeUse, number][];
  const knownMs = known.reduce((sum, [, ms]) => sum + ms, 0);
  if (endedAtMs === null) return { uses: known, endMs: openedAtMs + knownMs };
  const wallMs = Math.max(0, endedAtMs - openedAtMs);
  if (knownMs <= wallMs) return { uses: [...known, ['unsettled', wallMs - knownMs]], endMs: openedAtMs + wallMs };
  return { uses: known.map(([use, ms]) => [use, (ms * wallMs) / knownMs]), endMs: openedAtMs + wallMs };
}

function causeOf(
  use: GenerationTimeUse,
  recovering: RecoveryCause | null,
  { recovery }: AccountedGeneration,
): BadputCause | 'training' {
  if (use === 'unsettled') return recovery ?? 'ending';
  if (use === 'starting' || use === 'tracing') return recovering ?? use;
  return use;
}

class Account {
  readonly #ms = new Map<BadputCause | 'training', number>();
  readonly #lost = new Map<RecoveryCause, number>();

  spend(use: BadputCause | 'training', ms: number): void {
    if (ms > 0) this.#ms.set(use, (this.#ms.get(use) ?? 0) + ms);
  }

  lose(cause: RecoveryCause, steps: number): void {
    if (steps > 0) this.#lost.set(cause, (this.#lost.get(cause) ?? 0) + steps);
  }

  document(): RunTimeDocument {
    const { training = 0, ...badput } = Object.fromEntries([...this.#ms].map(([use, ms]) => [use, ms / 1_000]));
    return {
      seconds: Object.values(badput).reduce((sum, seconds) => sum + seconds, training),
      goodputSeconds: training,
      badputSeconds: badput,
      lostSteps: Object.fromEntries(this.#lost),
    };
  }
}

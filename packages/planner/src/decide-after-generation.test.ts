import type { GenerationOutcome, WorkerId } from '@tributary/protocol';
import { describe, expect, it } from 'vitest';
import { decideAfterGeneration } from './decide-after-generation.js';
import { countLoss, defaultBudgets, type LossHistory, type LossKind, noLosses } from './retry-budget.js';

const workers = ['a', 'b'] as WorkerId[];
const ended = (outcome: GenerationOutcome, more: { stop?: 'cancel' | 'pause' } = {}) => ({
  outcome,
  workers,
  stop: more.stop ?? null,
});
const lost = (step: number, unreachable: string[] = []): GenerationOutcome => ({
  kind: 'worker-lost',
  workers: ['b'],
  unreachable,
  step,
  reason: 'worker b: killed by SIGSEGV',
});

describe('decideAfterGeneration', () => {
  it.each([
    ['finished', 'finish'],
    ['cancelled', 'cancel'],
    ['paused', 'pause'],
  ] as const)('takes %s as the end of the run', (kind, decision) => {
    const outcome = { kind, step: 40, reason: null } as GenerationOutcome;
    expect(decideAfterGeneration(ended(outcome), noLosses).decision).toEqual({ kind: decision, step: 40 });
  });

  it('says why a run is finished before its budget', () => {
    const reason = 'stopped early: validation.bleu of task "spell" has not got better in 5 evaluations';
    expect(decideAfterGeneration(ended({ kind: 'finished', step: 41, reason }), noLosses)).toMatchObject({
      decision: { kind: 'finish', step: 41, early: reason },
      reason,
    });
  });

  it('retries while a leased worker still answers, else waits for others', () => {
    expect(decideAfterGeneration(ended(lost(5)), noLosses).decision).toEqual({ kind: 'retry', afterMs: 0 });
    expect(decideAfterGeneration(ended(lost(5, ['b'])), noLosses).decision).toEqual({ kind: 'retry', afterMs: 0 });
    expect(decideAfterGeneration(ended(lost(5, ['a', 'b'])), noLosses).decision).toEqual({ kind: 'wait-for-slot' });
  });

  it('does what the user asked for instead of another generation', () => {
    const { decision } = decideAfterGeneration(ended(lost(5), { stop: 'cancel' }), noLosses);
    expect(decision).toEqual({ kind: 'cancel', step: null });
  });

  it('cancels a run that was pausing when the cancel came, and keeps its step', () => {
    const outcome = { kind: 'paused', step: 8, reason: null } as const;
    expect(decideAfterGeneration(ended(outcome, { stop: 'cancel' }), noLosses).decision).toEqual({
      kind: 'cancel',
      step: 8,
    });
  });

  it("fails at once for the run's own failure, with its code and reason", () => {
    const decided = decideAfterGeneration(
      ended({ kind: 'failed', step: 7, code: 'NON_FINITE', reason: 'worker a: the loss is NaN' }),
      noLosses,
    );
    expect(decided.decision).toEqual({ kind: 'fail', code: 'NON_FINITE' });
    expect(decided.reason).toContain('the loss is NaN');
  });

  it('retries a failure that lies in a peer or a server', () => {
    const outcome = { kind: 'failed', step: 7, code: 'PEER_SILENT', reason: 'no message' } as const;
    expect(decideAfterGeneration(ended(outcome), noLosses).decision.kind).toBe('retry');
  });

  it('goes on after a hand-over with its history, counting the ground that was made', () => {
    const before = countLoss(noLosses, 'code', 10);
    const handedOver = (step: number) =>
      decideAfterGeneration(ended({ kind: 'handed-over', step, reason: 'worker b leaves' }), before);
    expect(handedOver(10)).toEqual({
      decision: { kind: 'retry', afterMs: 0 },
      reason: 'worker b leaves',
      history: before,
    });
    expect(handedOver(11).history).toEqual({ ...noLosses, highestStep: 11 });
  });
});

describe('retry budgets', () => {
  const outcomes: Readonly<Record<LossKind, GenerationOutcome>> = {
    worker: lost(40),
    code: { ...(lost(40) as Extract<GenerationOutcome, { kind: 'worker-lost' }>), crashed: true },
    infrastructure: { kind: 'failed', step: 40, code: 'SERVER_FAILED', reason: 'no answer from NATS' },
  };
  /** Generations until the run fails, and its reason. */
  const untilFailed = (next: (generation: number) => GenerationOutcome) => {
    let history: LossHistory = noLosses;
    for (let generation = 1; generation <= 1_000; generation++) {
      const decided = decideAfterGeneration(ended(next(generation)), history);
      history = decided.history;
      if (decided.decision.kind === 'fail') return { generation, reason: decided.reason };
    }
    return null;
  };

  it.each<[LossKind, number, string]>([
    ['worker', 20, 'workers were lost 20 times in a row at step 40: worker b: killed by SIGSEGV'],
    ['code', 3, 'the trainer crashed 3 times in a row at step 40: worker b: killed by SIGSEGV'],
    ['infrastructure', 50, 'servers or peers failed the run 50 times in a row at step 40: no answer from NATS'],
  ])('of a %s end at %i in a row, saying which and why', (kind, generation, reason) => {
    expect(untilFailed(() => outcomes[kind])).toEqual({ generation, reason });
  });

  it('are counted apart', () => {
    const kinds: LossKind[] = ['worker', 'code', 'infrastructure', 'worker', 'code', 'worker', 'infrastructure'];
    let history = noLosses;
    for (const kind of kinds) history = decideAfterGeneration(ended(outcomes[kind]), history).history;
    expect(history).toEqual({ losses: { worker: 3, code: 2, infrastructure: 2 }, highestStep: 40 });
    expect(decideAfterGeneration(ended(outcomes.worker), history).decision.kind).toBe('retry');
    expect(decideAfterGeneration(ended(outcomes.code), history).decision.kind).toBe('fail');
  });

  it('last for ever where each generation makes new ground, and no longer than that', () => {
    for (const kind of Object.keys(outcomes) as LossKind[]) {
      expect(untilFailed((n) => ({ ...outcomes[kind], step: n }))).toBeNull();
      expect(untilFailed((n) => ({ ...outcomes[kind], step: Math.min(n, 100) }))).toMatchObject({
        generation: 99 + defaultBudgets[kind],
      });
    }
  });

  it('are spent by no hand-over, and by no loss that happens as the user stops the run', () => {
    expect(untilFailed(() => ({ kind: 'handed-over', step: 40, reason: null }))).toBeNull();
    const atLimit = { losses: { worker: 19, code: 2, infrastructure: 49 }, highestStep: 40 };
    for (const outcome of Object.values(outcomes))
      expect(decideAfterGeneration(ended(outcome, { stop: 'pause' }), atLimit).decision.kind).toBe('pause');
  });

  it('of the infrastructure last for minutes: only its first failure is tried again at once', () => {
    let history: LossHistory = noLosses;
    const delays = (outcome: GenerationOutcome) =>
      Array.from({ length: 49 }, () => {
        const decided = decideAfterGeneration(ended(outcome), history);
        history = decided.history;
        return decided.decision.kind === 'retry' ? decided.decision.afterMs : null;
      });
    const waits = delays(outcomes.infrastructure);
    expect(waits.slice(0, 9)).toEqual([0, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    expect(waits.reduce<number>((sum, ms) => sum + (ms ?? 0), 0)).toBeGreaterThan(20 * 60_000);
    history = noLosses;
    expect(new Set(delays(outcomes.worker).slice(0, 19))).toEqual(new Set([0]));
  });

  it('are counted in as much memory after a thousand generations as after one', () => {
    let history: LossHistory = noLosses;
    for (let n = 0; n < 1_000; n++) history = countLoss(history, 'worker', n % 7);
    expect(JSON.stringify(history).length).toBeLessThan(100);
  });
});

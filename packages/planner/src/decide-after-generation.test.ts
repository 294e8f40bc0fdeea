import type { GenerationOutcome, WorkerId } from '@tributary/protocol';
import { describe, expect, it } from 'vitest';
import { decideAfterGeneration } from './decide-after-generation.js';
import { countLoss, type LossHistory, noLosses } from './retry-budget.js';

const workers = ['a', 'b'] as WorkerId[];
const ended = (outcome: GenerationOutcome, more: { stop?: 'cancel' | 'pause'; resumeStep?: number } = {}) => ({
  outcome,
  resumeStep: more.resumeStep ?? 0,
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

  it('retries while a leased worker still answers, else waits for others', () => {
    expect(decideAfterGeneration(ended(lost(5)), noLosses).decision).toEqual({ kind: 'retry' });
    expect(decideAfterGeneration(ended(lost(5, ['b'])), noLosses).decision).toEqual({ kind: 'retry' });
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

  it('fails after three generations in a row without one step, with the reason of the last', () => {
    let history: LossHistory = noLosses;
    const kinds = [1, 2, 3].map(() => {
      const decided = decideAfterGeneration(ended(lost(20), { resumeStep: 20 }), history);
      history = decided.history;
      return decided;
    });
    expect(kinds.map((d) => d.decision.kind)).toEqual(['retry', 'retry', 'fail']);
    expect(kinds[2]?.reason).toContain('SIGSEGV');
  });

  it('fails after twenty losses that never pass the same step, and counts anew on new ground', () => {
    let history: LossHistory = noLosses;
    let decided = decideAfterGeneration(ended(lost(150)), history);
    let generations = 1;
    while (decided.decision.kind === 'retry' && generations < 100) {
      history = decided.history;
      decided = decideAfterGeneration(ended(lost(150)), history);
      generations++;
    }
    expect(generations).toBe(21);
    expect(countLoss({ losses: 19, withoutStep: 2, highestStep: 150 }, 0, 151)).toEqual({
      losses: 1,
      withoutStep: 0,
      highestStep: 151,
    });
  });
});

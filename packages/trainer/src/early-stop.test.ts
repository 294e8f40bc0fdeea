import { runFileSchema } from '@tributary/config';
import { describe, expect, it } from 'vitest';
import { agreedStop, controlBits } from './control-bits.js';
import { EarlyStop } from './early-stop.js';

function stopBy(earlyStop: object, metrics = ['bleu', 'perplexity']): EarlyStop {
  const task = { name: 'spell', data: { source: 'words', kind: 'spell' }, metrics };
  const spec = runFileSchema.parse({ experiment: 'x', tasks: [task], budget: { steps: 1000 }, earlyStop });
  return EarlyStop.of(spec) as EarlyStop;
}
/** After which of the evaluations it asks. */
const asks = (stop: EarlyStop, metric: string, values: readonly number[]) =>
  values.map((value) => {
    stop.evaluated({ loss: 1, [metric]: value });
    return stop.asks;
  });

describe('EarlyStop', () => {
  it('asks after so many evaluations without a better value', () => {
    const bleu = stopBy({ metric: 'validation.bleu', patience: 2 });
    expect(asks(bleu, 'bleu', [3, 5, 5, 6, 6, 5])).toEqual([false, false, false, false, false, true]);
    const perplexity = stopBy({ metric: 'validation.perplexity', patience: 1 });
    expect(asks(perplexity, 'perplexity', [9, 8, 8.5])).toEqual([false, false, true]);
    const turned = stopBy({ metric: 'validation.bleu', mode: 'min', patience: 1 });
    expect(asks(turned, 'bleu', [3, 2, 2])).toEqual([false, false, true]);
  });

  it('takes small gains for none', () => {
    const stop = stopBy({ metric: 'validation.bleu', patience: 2, minDelta: 0.5 });
    expect(asks(stop, 'bleu', [1, 1.5, 1.6, 2, 2.05])).toEqual([false, false, false, false, true]);
  });

  it('takes what is not a number for no better, and any number for better than none', () => {
    const stop = stopBy({ metric: 'validation.perplexity', patience: 2 });
    const { NaN: none, POSITIVE_INFINITY: infinite } = Number;
    expect(asks(stop, 'perplexity', [none, infinite, infinite, 9, none, none])).toEqual([
      ...[false, false, false, false, false, true],
    ]);
  });

  it('goes on where it was, and begins anew under another rule', () => {
    const rule = { metric: 'validation.bleu', patience: 2 };
    const before = stopBy(rule);
    asks(before, 'bleu', [3, 5, 4]);
    expect(before.sharedTensors()).toEqual({});
    const after = stopBy(rule);
    after.restore({}, before.taskTensors());
    expect([after.ended, ...asks(after, 'bleu', [5])]).toEqual([false, true]);
    const other = stopBy({ ...rule, patience: 3 });
    other.restore({}, before.taskTensors());
    expect(asks(other, 'bleu', [1, 0, 0, 0])).toEqual([false, false, false, true]);
  });

  it('knows that it has ended, also where the task is not owned', () => {
    const owner = stopBy({ metric: 'validation.bleu' });
    owner.agreed();
    const elsewhere = stopBy({ metric: 'validation.bleu' });
    elsewhere.restore(owner.sharedTensors(), null);
    expect([elsewhere.ended, elsewhere.asks]).toEqual([true, false]);
    expect(elsewhere.reason).toBe('stopped early: validation.bleu of task "spell" has not got better in 5 evaluations');
    const forked = stopBy({ metric: 'validation.bleu', patience: 9 });
    forked.restore(owner.sharedTensors(), owner.taskTensors());
    expect(forked.ended).toBe(false);
  });

  it('goes before whatever else is asked at the same step, since that may come at any', () => {
    const { earlyStop, cancel, pause, handOver } = controlBits;
    for (const other of [0, cancel, pause, handOver])
      expect(agreedStop(earlyStop | other)).toEqual({ outcome: 'finished', reason: null });
  });
});

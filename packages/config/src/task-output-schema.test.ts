import { describe, expect, it } from 'vitest';
import { runFileSchema } from './run-file.js';

const symbols = { source: 'words', kind: 'spell' };
const vectors = { source: 'file', format: 'jsonl', path: 'v.jsonl', features: { target: 4 } };
const head = { kind: 'features', size: 4 };

const parse = (task: object) =>
  runFileSchema.safeParse({ experiment: 'x', tasks: [{ name: 'a', ...task }], budget: { steps: 1 } });

function problemsOf(task: object): string[] {
  return parse(task).error?.issues.map(({ path, message }) => `${path.slice(2).join('.')}: ${message}`) ?? [];
}

describe('loss and metrics', () => {
  it('follow the head when they are left out, and stay when the result is read again', () => {
    const tokens = parse({ data: symbols }).data?.tasks[0];
    expect(tokens).toMatchObject({
      head: { kind: 'tokens' },
      loss: { kind: 'cross-entropy', labelSmoothing: 0 },
      metrics: ['token_accuracy', 'token_error_rate', 'word_error_rate'],
    });
    const features = parse({ data: vectors, head }).data?.tasks[0];
    expect(features).toMatchObject({
      head: { kind: 'features', size: 4, activation: 'sigmoid' },
      loss: { kind: 'mse' },
      metrics: ['mse', 'psnr'],
    });
    expect(parse({ ...features }).data?.tasks[0]).toEqual(features);
  });

  it.each([
    [
      { data: symbols, loss: { kind: 'mse' } },
      'loss.kind: must be "cross-entropy" for head "tokens", got "mse"; leave it out, or give the task head "features"',
    ],
    [
      { data: vectors, head, loss: { kind: 'cross-entropy' } },
      'loss.kind: must be "mse" for head "features", got "cross-entropy"; leave it out, or give the task head "tokens"',
    ],
    [
      { data: vectors, head, loss: { labelSmoothing: 0.1 } },
      'loss.labelSmoothing: belongs to head "tokens": vectors have no vocabulary to spread over; leave it out',
    ],
    [
      { data: symbols, metrics: ['token_accuracy', 'psnr'] },
      'metrics.1: "psnr" does not measure head "tokens"; its metrics are token_accuracy, token_error_rate, phone_error_rate, letter_error_rate, word_error_rate, perplexity, hits_at_1, bleu, chrf2, rouge1, rouge2, rougeL, distinct1, distinct2, exact_match',
    ],
    [
      { data: vectors, head, metrics: ['mse', 'bleu'] },
      'metrics.1: "bleu" does not measure head "features"; its metrics are mse, psnr',
    ],
    [
      { data: vectors, head, metrics: ['word_error_rate'] },
      'metrics.0: "word_error_rate" does not measure head "features"; its metrics are mse, psnr',
    ],
    [
      { data: symbols, head },
      'head: is "features", but the targets of this data are symbols; leave head out, or give data whose targets are vectors (data.features.target)',
    ],
    [
      { data: { source: 'words', kind: 'articulate' } },
      'head: must be "features": the targets of this data are vectors, such as head: { kind: features, size: 4 }',
    ],
    [
      { data: vectors, head: { ...head, size: 3 } },
      'head.size: is 3, but data.features.target is 4; make the two agree',
    ],
  ])('%j is refused', (task, problem) => {
    expect(problemsOf(task)).toEqual([problem]);
  });

  it('are never an empty list', () => {
    expect(problemsOf({ data: symbols, metrics: [] })).toHaveLength(1);
  });
});

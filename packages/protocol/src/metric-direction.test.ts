import { expect, it } from 'vitest';
import { metricDirection } from './metric-direction.js';

it.each([
  'train.loss',
  'spell.validation.loss',
  'validation.phone_error_rate',
  'test.word_error_rate',
  'pronounce.validation.letter_error_rate',
  'validation.perplexity',
  'validation.mse',
  'grad_norm',
  'step_seconds',
  'wer',
  // A task's name says nothing of its metrics.
  'accuracy.validation.loss',
  // The word stands inside another one.
  'validation.inaccuracy',
  'rougeness',
])('%s gets better downwards', (series) => {
  expect(metricDirection(series)).toBe('min');
});

it.each([
  'validation.token_accuracy',
  'spell.test.token_accuracy',
  'validation.bleu',
  'validation.chrf',
  'validation.chrf2',
  'validation.rouge1',
  'reply.validation.rougeL',
  'test.rougeLsum',
  'validation.distinct2',
  'validation.exact_match',
  'validation.hits_at_1',
  'val_BLEU',
  'validation.psnr',
  'validation.f1',
  'accuracy',
])('%s gets better upwards', (series) => {
  expect(metricDirection(series)).toBe('max');
});

import { expect, it } from 'vitest';
import { formatResult } from './results.js';

it.each([
  ['loss', 0.4321, '0.432'],
  ['loss', 0.01234, '0.0123'],
  ['psnr', 19.087, '19.1 dB'],
  ['token_accuracy', 0.9, '90.0%'],
  ['bleu', 23.456, '23.5'],
  ['chrf2', 100, '100.0'],
  ['rougeL', 0.2604, '26.0%'],
  ['distinct2', 0.312, '31.2%'],
  ['hits_at_1', 0.05, '5.0%'],
  ['perplexity', 12.345, '12.35'],
  ['perplexity', 1234.5, '1235'],
  ['perplexity', 1.5e7, '1.50e+7'],
  ['perplexity', Number.POSITIVE_INFINITY, 'Infinity'],
])('writes %s %d as %s', (name, value, text) => {
  expect(formatResult(name, value)).toBe(text);
});

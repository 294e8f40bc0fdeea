import { formatShare } from './quantities.js';

/** Losses and errors as they are, a ratio in decibels, BLEU and chrF as their points of 100, rates as percentages. */
export function formatResult(name: string, value: number): string {
  if (name === 'psnr') return `${value.toFixed(1)} dB`;
  if (name === 'bleu' || name === 'chrf2') return value.toFixed(1);
  if (name === 'perplexity') return value < 1e5 ? value.toFixed(value < 100 ? 2 : 0) : value.toPrecision(3);
  if (name !== 'loss' && name !== 'mse') return formatShare(value);
  return Math.abs(value) < 0.1 && value !== 0 ? value.toPrecision(3) : value.toFixed(3);
}

/** Names of results, each once, in the order in which they are shown: the loss, the accuracy, the rest. */
export function resultOrder(names: readonly string[]): string[] {
  return [...new Set(names)].sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
}

function rank(name: string): number {
  return ['loss', 'token_accuracy'].indexOf(name) === -1 ? 2 : ['loss', 'token_accuracy'].indexOf(name);
}

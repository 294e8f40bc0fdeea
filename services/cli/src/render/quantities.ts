export {
  formatBytes,
  formatCount,
  formatDuration,
  formatSeconds,
  formatShare,
  formatTime,
} from '@tributary/presentation';

/** Takes everything out of a text that could move a terminal's cursor or change its colours. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '\ufffd');
}

/** A measured number in four digits: `0.2401`, `1234`, `1.2e-05`. */
export function formatValue(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e7) return String(value);
  const size = Math.abs(value);
  return size >= 1e7 || size < 1e-4 ? value.toExponential(2) : String(Number(value.toPrecision(4)));
}

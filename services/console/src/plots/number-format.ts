import { formatCount } from '@tributary/presentation';

/** A loss or any other figure, with as many digits as tell it apart. */
export function formatFigure(value: number): string {
  const size = Math.abs(value);
  if (value === 0) return '0';
  if (size >= 10_000) return formatCount(value);
  if (size >= 100) return value.toFixed(0);
  if (size >= 10) return value.toFixed(1);
  if (size >= 0.1) return value.toFixed(3);
  return size >= 0.001 ? value.toFixed(4) : value.toExponential(1);
}

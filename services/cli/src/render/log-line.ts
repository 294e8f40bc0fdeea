import color from 'picocolors';
import { printable } from './quantities.js';

/** A JSON log line for people: `17:45:12 info worker-1  joined  run=words-ab`; any other line as it is. */
export function logLine(line: string, source: string | null): string {
  const from = source === null ? '' : `${color.cyan(source)}  `;
  const record = parse(line);
  if (record === null) return `${from}${printable(line.replaceAll('\t', '  '))}`;
  const { level, time, service: _service, pid: _pid, msg, err, ...rest } = record;
  const clock = typeof time === 'string' ? new Date(time).toTimeString().slice(0, 8) : '';
  const word = typeof level === 'string' ? level : '';
  const paint = word === 'error' || word === 'fatal' ? color.red : word === 'warn' ? color.yellow : color.dim;
  const details = Object.entries(rest).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  if (typeof err === 'object' && err !== null && 'message' in err) details.push(`error=${String(err.message)}`);
  return `${color.dim(clock)} ${paint(word.padEnd(5))} ${from}${printable(String(msg ?? ''))}${details.length > 0 ? color.dim(`  ${printable(details.join(' '))}`) : ''}`;
}

function parse(line: string): Record<string, unknown> | null {
  if (!line.startsWith('{')) return null;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return null;
  }
}

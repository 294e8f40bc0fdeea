import { TributaryError } from '@tributary/protocol';

/** Where a test has a process killed with SIGKILL: when it passes the point for the `count`-th time. */
export interface FaultPoint<P extends string> {
  readonly point: P;
  readonly count: number;
}

/**
 * Reads `point:count,…`; empty: none.
 * @param variable where the text comes from
 * @throws TributaryError `PREREQUISITE_MISSING` for a point that does not exist
 */
export function parseFaultPoints<P extends string>(
  variable: string,
  text: string,
  points: readonly P[],
): FaultPoint<P>[] {
  return text
    .split(',')
    .filter(Boolean)
    .map((entry) => {
      const [name = '', count = '1'] = entry.split(':');
      const point = points.find((known) => known === name);
      if (point === undefined || !/^[1-9]\d*$/.test(count))
        throw new TributaryError(
          'PREREQUISITE_MISSING',
          `${variable} names "${entry}"; it must be POINT:COUNT with a point of ${points.join(', ')}.`,
        );
      return { point, count: Number(count) };
    });
}

/** To be called each time the code passes a point. */
export function passFaultPoints<P extends string>(faults: readonly FaultPoint<P>[]): (point: P) => void {
  const left = new Map(faults.map(({ point, count }) => [point, count]));
  return (point) => {
    const count = left.get(point);
    if (count === undefined) return;
    left.set(point, count - 1);
    if (count === 1) process.kill(process.pid, 'SIGKILL');
  };
}

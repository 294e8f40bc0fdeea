import { TributaryError } from '@tributary/protocol';

/** Where a test may have the recorder killed. */
export const faultPointNames = [
  'batch-copied',
  'batch-committed',
  'part-added',
  'manifest-written',
  'checkpoint-committed',
] as const;
export type FaultPoint = (typeof faultPointNames)[number];

/** Called each time the code passes a point. */
export type PassFaultPoint = (point: FaultPoint) => void;

/**
 * Reads `point:count,…`: the process is killed with SIGKILL when it passes a point for the count-th time. Empty: never.
 * @throws TributaryError `PREREQUISITE_MISSING` for a point that does not exist
 */
export function faultPoints(text: string): PassFaultPoint {
  const left = new Map<string, number>();
  for (const entry of text.split(',').filter(Boolean)) {
    const [point = '', count = '1'] = entry.split(':');
    if (!(faultPointNames as readonly string[]).includes(point) || !/^[1-9]\d*$/.test(count))
      throw new TributaryError(
        'PREREQUISITE_MISSING',
        `TRIBUTARY_RECORDER_FAULTS names "${entry}"; it must be POINT:COUNT with a point of ${faultPointNames.join(', ')}.`,
      );
    left.set(point, Number(count));
  }
  return (point) => {
    const count = left.get(point);
    if (count === undefined) return;
    left.set(point, count - 1);
    if (count === 1) process.kill(process.pid, 'SIGKILL');
  };
}

import { parseFaultPoints, passFaultPoints } from '@tributary/service-runtime';

/** Where a test may have the recorder killed. */
export const recorderFaultPoints = [
  'batch-copied',
  'batch-committed',
  'part-added',
  'manifest-written',
  'checkpoint-committed',
] as const;
export type RecorderFaultPoint = (typeof recorderFaultPoints)[number];

/** Called each time the code passes a point. */
export type PassRecorderFaultPoint = (point: RecorderFaultPoint) => void;

/**
 * Reads `point:count,…` of TRIBUTARY_RECORDER_FAULTS.
 * @throws TributaryError `PREREQUISITE_MISSING` for a point that does not exist
 */
export function passRecorderFaults(text: string): PassRecorderFaultPoint {
  return passFaultPoints(parseFaultPoints('TRIBUTARY_RECORDER_FAULTS', text, recorderFaultPoints));
}

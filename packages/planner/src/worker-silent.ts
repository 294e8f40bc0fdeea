import { beaconSilenceMs } from '@tributary/protocol';

/** Whether a worker last heard at `lastHeardMs` counts as lost at `nowMs` (one clock, the listener's). */
export function workerSilent(lastHeardMs: number, nowMs: number, silenceMs: number = beaconSilenceMs): boolean {
  return nowMs - lastHeardMs > silenceMs;
}

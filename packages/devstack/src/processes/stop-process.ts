import { isRunning, type ProcessIdentity } from './process-identity.js';
import { waitFor } from './wait-for.js';

/** Sends a signal to exactly this process: never to another that has its pid by now. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!isRunning(identity)) return;
  try {
    process.kill(identity.pid, signal);
  } catch (error) {
    // It ended between the look and the signal.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** Asks the processes to end, waits `graceMs`, then kills. Returns those that are still there 5 s after that. */
export async function stopProcesses(
  identities: readonly ProcessIdentity[],
  signal: NodeJS.Signals,
  graceMs: number,
): Promise<ProcessIdentity[]> {
  for (const identity of identities) signalProcess(identity, signal);
  const allEnded = () => (identities.some(isRunning) ? undefined : true);
  if (await waitFor(graceMs, allEnded)) return [];
  for (const identity of identities) signalProcess(identity, 'SIGKILL');
  if (await waitFor(5_000, allEnded)) return [];
  return identities.filter(isRunning);
}

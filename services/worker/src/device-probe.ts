import { cpus } from 'node:os';
import type { DeviceDescription } from '@tributary/protocol';
import { TributaryError } from '@tributary/protocol';
import { AgentChild } from './child-process.js';

export interface ProbeReport {
  readonly backend: string;
  readonly backendVersion: string;
  readonly device: string;
  readonly notice: string | null;
}

export const tributaryVersion = '0.1.0';

/** Opens the backend once in a child of its own: a crash in a native library must not end the agent. */
export async function probeDevice(
  env: NodeJS.ProcessEnv,
): Promise<{ readonly device: DeviceDescription; readonly notice: string | null }> {
  let report: ProbeReport | null = null;
  const child = new AgentChild<object, ProbeReport>('./probe-main.js', env, (message) => {
    report = message;
  });
  const reason = await child.exited;
  const found = report as ProbeReport | null;
  if (!found)
    throw new TributaryError(
      'BACKEND_UNAVAILABLE',
      `The compute backend could not be opened: its probe ${reason}; run "npx tributary doctor".`,
    );
  return {
    device: {
      backend: found.backend,
      backendVersion: found.backendVersion,
      device: found.device,
      model: cpus()[0]?.model ?? process.arch,
      version: tributaryVersion,
    },
    notice: found.notice,
  };
}

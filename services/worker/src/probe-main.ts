/** Entry of the probe: opens the compute backend, says what it is, and ends. */
import { openBackend } from '@tributary/engine';
import type { ProbeReport } from './device-probe.js';
import { readEnvironment } from './environment.js';

const environment = readEnvironment(process.env);
const backend = await openBackend({ prefer: environment.backend, device: environment.device, threads: 1 });
const report: ProbeReport = {
  backend: backend.kind,
  backendVersion: backend.version,
  device: backend.device,
  notice: backend.notice,
};
await new Promise<void>((resolve) => {
  if (process.send) process.send(report, () => resolve());
  else resolve();
});
process.exit(0);

import { createServer } from 'node:net';
import { Runtime } from '@temporalio/worker';
import { announceTarget, type Logger } from '@tributary/telemetry';
import { temporalLogger } from './temporal-logger.js';

/**
 * Installs Temporal's runtime with our log and, where Prometheus looks for targets, with the SDK's own metrics under the names that
 * its public dashboards use (durations in milliseconds). Call it once, before anything of Temporal.
 * @returns announces those metrics, and returns how to take that back
 */
export async function installTemporalRuntime(
  logger: Logger,
  targetsDir: string | null,
): Promise<() => Promise<() => Promise<void>>> {
  const options = { logger: temporalLogger(logger), shutdownSignals: [] };
  if (targetsDir === null) {
    Runtime.install(options);
    return () => Promise.resolve(() => Promise.resolve());
  }
  // The SDK does not say which port it took where it may choose one.
  const port = await freePort();
  const prometheus = { bindAddress: `127.0.0.1:${port}` };
  Runtime.install({ ...options, telemetryOptions: { metrics: { prometheus } } });
  return () => announceTarget(targetsDir, { job: 'temporal-sdk', instance: 'orchestrator', port });
}

/** A port of loopback that nobody listens on now. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('a port of loopback could not be had');
  return address.port;
}

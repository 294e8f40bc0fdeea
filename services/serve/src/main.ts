/** Serves the newest checkpoint of one run over HTTP, from a model that stays in memory. */
import type { AddressInfo } from 'node:net';
import { TributaryError } from '@tributary/protocol';
import { runMain, termination } from '@tributary/service-runtime';
import { createLogger, createServingMetrics } from '@tributary/telemetry';
import type { FastifyInstance } from 'fastify';
import { readEnvironment } from './environment.js';
import { GeneratingThread } from './generating-thread.js';
import { readModel } from './read-model.js';
import { RequestQueue } from './request-queue.js';
import { createServeServer } from './serve-server.js';

async function main(): Promise<void> {
  const { requested } = termination();
  const { source, host, port, token, mostWaiting, compute, logLevel } = readEnvironment(process.env);
  const logger = createLogger({ service: 'serve', level: logLevel });
  const model = await readModel(source);
  const { run, step } = model;
  const thread = await GeneratingThread.start({ source, model, compute });
  const { tasks, backend } = thread;
  const metrics = createServingMetrics();
  const queue = new RequestQueue({
    generate: (requests) => thread.generate(requests),
    mostWaiting,
    onBatch: (sources) => metrics.generateBatchSources.observe(sources),
  });
  metrics.onScrape(() => metrics.generateWaitingRequests.set(queue.waiting));
  const app = await createServeServer({ run, step, tasks, backend }, token, { queue, metrics, logger });
  await listen(app, host, port);
  const address = app.server.address() as AddressInfo;
  const url = `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
  process.send?.({ kind: 'serving', url, run, step, tasks, backend });
  logger.info({ url, run, step, tasks, backend }, 'serving');

  const why = await Promise.race([requested, thread.ended]);
  // What was taken is answered first.
  await app.close();
  await thread.stop();
  if (why instanceof Error) throw why;
  logger.info({ signal: why }, 'stopped');
}

async function listen(app: FastifyInstance, host: string, port: number): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE')
      throw new TributaryError('SPEC_INVALID', `Port ${port} of ${host} is taken; choose another with --port.`, {
        cause,
      });
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EACCES')
      throw new TributaryError(
        'SPEC_INVALID',
        `${host}:${port} cannot be listened on (${code}); name an address of this machine with --host, and a port with --port.`,
        { cause },
      );
    throw cause;
  }
}

runMain(main);

import { runFileSchema } from '@tributary/config';
import type { DeviceDescription, RunId, WorkerId } from '@tributary/protocol';
import { sql } from 'kysely';
import { beforeEach } from 'vitest';
import type { RunDatabase } from './database.js';
import { createRun } from './runs.js';
import { testDatabase } from './test-database.fixture.js';
import { upsertWorker } from './workers.js';

export const cpu: DeviceDescription = {
  backend: 'cpu',
  backendVersion: '2',
  device: 'cpu',
  model: 'x',
  version: '0.1.0',
};

const spec = runFileSchema.parse({
  experiment: 'leases',
  tasks: [{ name: 'spell', data: { source: 'words', kind: 'spell' } }],
  budget: { steps: 1 },
});

/** Runs and workers for tests of leases; before each test there are none. */
export interface LeaseGround {
  readonly db: RunDatabase;
  newRun(): Promise<RunId>;
  beacon(worker: string, over?: Partial<Parameters<typeof upsertWorker>[1]>): Promise<void>;
}

export async function leaseGround(): Promise<LeaseGround> {
  const { db } = await testDatabase({ maxConnections: 24 });
  let serial = 0;
  let sequence = 0;
  beforeEach(async () => {
    await sql`truncate leases, lease_requests, workers, runs cascade`.execute(db);
  });
  return {
    db,
    async newRun() {
      serial += 1;
      const run = `leases-${serial}` as RunId;
      await createRun(db, { run, experiment: 'leases', spec, files: {} });
      return run;
    },
    async beacon(worker, over = {}) {
      sequence += 1;
      await upsertWorker(db, {
        worker: worker as WorkerId,
        host: 'h',
        pid: 1,
        incarnation: 'i',
        sequence,
        device: cpu,
        trainer: null,
        confirmedDead: {},
        draining: false,
        ...over,
      });
    },
  };
}

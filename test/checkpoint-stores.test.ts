import { readdir, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { jetstream } from '@nats-io/jetstream';
import { Objm } from '@nats-io/obj';
import { checkpointPartKey, natsNames } from '@tributary/protocol';
import { type S3Server, s3Server } from '@tributary/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fastFiles, fastRun } from './support/fast-run.js';
import { type Installation, openInstallation } from './support/installation.js';

const pairs = { 'reverse.jsonl': fastFiles['reverse.jsonl'], 'double.jsonl': fastFiles['double.jsonl'] };
let server: S3Server;
let installation: Installation;

beforeAll(async () => {
  server = await s3Server();
  installation = await openInstallation(['a'], {
    ...server.credentials,
    TRIBUTARY_CHECKPOINT_STORE: `s3://${server.bucket}/team?endpoint=${server.endpoint}`,
  });
}, 300_000);
afterAll(async () => {
  await installation.close();
  await server.remove();
});

it('trains with its checkpoints in S3, and goes on from the one before where the newest is torn', async () => {
  const run = await installation.launch(fastRun, pairs);
  const first = await installation.untilRest(run);
  expect(first).toMatchObject({ state: 'finished', step: 8 });
  const folder = join(server.folder, 'team', 'checkpoints', run);
  expect(await readdir(folder)).toEqual(['000000004', '000000008']);
  const bucket = await new Objm(jetstream(installation.connection)).open(
    natsNames(installation.namespace).objectsBucket,
  );
  expect((await bucket.list()).filter(({ name }) => name.startsWith('checkpoints/'))).toEqual([]);

  const torn = join(server.folder, 'team', checkpointPartKey(run, 8, 1, 'shared'));
  await truncate(torn, (await stat(torn)).size - 100);
  await rm(join(server.folder, 'team', checkpointPartKey(run, 8, 1, 'lane-0')));
  await installation.call('POST', `/runs/${run}/resume`, { steps: 12 });
  const second = await installation.untilRest(run);
  expect(second).toMatchObject({ state: 'finished', step: 12, attempt: 2 });
  expect(second.generations.at(-1)?.resumeStep).toBe(4);
  expect(second.divergences.total).toBe(0);
}, 120_000);

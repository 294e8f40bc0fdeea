import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { connect } from '@nats-io/transport-node';
import pg from 'pg';
import { expect, it } from 'vitest';
import { temporaryDatabase } from './temporary-database.js';
import { testServers } from './test-servers.js';

it('gives every process the same servers, also when several ask at once', async () => {
  const script = `import('@tributary/testing').then((t) => t.testServers()).then((s) => console.log(s.natsUrl, s.postgresUrl))`;
  const answers = await Promise.all(
    [0, 1, 2].map(() => promisify(execFile)(process.execPath, ['-e', script], { env: process.env })),
  );
  const servers = await testServers();
  for (const { stdout } of answers) expect(stdout.trim()).toBe(`${servers.natsUrl} ${servers.postgresUrl}`);
});

it('serves NATS and a database for one test', async () => {
  const servers = await testServers();
  const connection = await connect({ servers: servers.natsUrl, user: servers.natsUser, pass: servers.natsPassword });
  expect(connection.info?.version).toMatch(/^2\./);
  await connection.close();

  const database = await temporaryDatabase();
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  expect((await client.query('select count(*)::int as runs from runs')).rows).toEqual([{ runs: 0 }]);
  await client.end();
  await database.drop();
});

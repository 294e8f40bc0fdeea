import { runFileSchema } from '@tributary/config';
import type { RunId } from '@tributary/protocol';
import { createRun } from '@tributary/run-store';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ApiInstallation } from '../support/api-installation.js';

let here: ApiInstallation;
beforeAll(async () => {
  here = await ApiInstallation.open({ queryTimeoutMs: 250 });
  const spec = runFileSchema.parse({
    experiment: 'slow',
    tasks: [{ name: 'spell', data: { source: 'words', kind: 'spell' } }],
    budget: { steps: 10 },
  });
  await createRun(here.db, { run: 'slow' as RunId, experiment: 'slow', spec, files: {} });
  // 5 MB of notes.
  await sql`
    insert into runs (run, experiment, state, spec, files, note)
    select 'slow-' || i, experiment, 'finished', spec, files, repeat('some words ', 900)
    from runs, generate_series(1, 500) i where run = 'slow'`.execute(here.db);
});
afterAll(() => here.close());

/** Each note is searched through a hundred times: seconds. */
const filter = Array.from({ length: 100 }, (_, word) => `note ILIKE '%word${word}%'`).join(' OR ');
const remedy = /^Postgres took too long over this question .* Ask for less: .* TRIBUTARY_QUERY_TIMEOUT_SECONDS/;

it.each([
  ['a list', 'GET', `/v1/runs?filter=${encodeURIComponent(filter)}`, undefined],
  ['an export', 'POST', '/v1/export', { runs: null, filter, format: 'csv' }],
  ["MLflow's search", 'POST', '/api/2.0/mlflow/runs/search', { experiment_ids: ['slow'], filter }],
])('%s that takes Postgres too long ends with what to do, and holds nothing up', async (_, method, path, body) => {
  const response = await here.request(method, path, body);
  // Clients repeat what is 408, 429, 503 or 504.
  expect(response.status).toBe(422);
  expect(await response.json()).toMatchObject({ message: expect.stringMatching(remedy) });
  const active = async (): Promise<number | undefined> => {
    const { rows } = await sql<{ n: number }>`
      select count(*)::integer as n from pg_stat_activity
      where datname = current_database() and state = 'active' and pid <> pg_backend_pid()`.execute(here.db);
    return rows[0]?.n;
  };
  await expect.poll(active).toBe(0);
  expect((await here.request('GET', '/v1/runs?limit=1')).status).toBe(200);
});

it('is said at the command line too', async () => {
  const { code, stderr } = await here.cli(['runs', 'list', '--filter', filter]);
  expect(stderr).toMatch(remedy);
  expect(code).toBe(1);
});

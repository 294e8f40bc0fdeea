import { runFileSchema } from '@tributary/config';
import type { RunId, RunListDocument } from '@tributary/protocol';
import { createRun, endAttempt, setRunState, startAttempt, writeRecords } from '@tributary/run-store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiInstallation } from '../support/api-installation.js';

let here: ApiInstallation;
beforeAll(async () => {
  here = await ApiInstallation.open();
  for (const [place, { run, loss, rate, tag }] of runs.entries()) {
    const spec = runFileSchema.parse({
      experiment: 'lists',
      tags: { owner: tag },
      tasks: [{ name: 'spell', data: { source: 'words', kind: 'spell' } }],
      optimizer: { kind: 'adam', learningRate: rate },
      budget: { steps: 100 },
    });
    await createRun(here.db, { run, experiment: 'lists', spec, files: {} });
    await startAttempt(here.db, run);
    await setRunState(here.db, run, { state: 'running', reason: null });
    if (place === 0) await endAttempt(here.db, run, 1, { state: 'failed', reason: 'a loss was not finite' });
    const record = { run, attempt: 1, generation: 1, member: 0, kind: 'points', timings: [], tokens: 0 } as const;
    const at = (step: number, value: number) => ({ subject: 'task:spell', series: 'train.loss', step, value }) as const;
    await writeRecords(here.db, [{ ...record, points: [at(1, 9), at(2, loss)] }]);
  }
});
afterAll(() => here.close());

/** Oldest first. */
const runs = [
  { run: 'lists-a' as RunId, loss: Number.NaN, rate: 0.1, tag: 'me' },
  { run: 'lists-b' as RunId, loss: 0.5, rate: 0.01, tag: 'me' },
  { run: 'lists-c' as RunId, loss: 0.25, rate: 0.001, tag: "o'clock" },
];

const list = async (query: Record<string, string>): Promise<RunListDocument & { code?: string; message?: string }> => {
  const response = await here.request('GET', `/v1/runs?${new URLSearchParams(query)}`);
  return (await response.json()) as RunListDocument;
};
const named = ({ runs: of }: RunListDocument): string[] => of.map(({ run }) => run);

describe('GET /v1/runs', () => {
  it('filters, orders and shows what the filter and the order speak of', async () => {
    const page = await list({ filter: 'params.optimizer.learningRate <= 0.01', order: 'metrics.spell.train.loss' });
    expect(named(page)).toEqual(['lists-c', 'lists-b']);
    expect(page.columns).toEqual([
      { name: 'metrics.spell.train.loss', type: 'number' },
      { name: 'params.optimizer.learningRate', type: 'text' },
    ]);
    expect(page.runs[0]?.values).toEqual({
      'metrics.spell.train.loss': 0.25,
      'params.optimizer.learningRate': '0.001',
    });
    expect(page.runs[0]).not.toHaveProperty('spec');
  });

  it('takes as long a filter, order and list of columns as may be written', async () => {
    const long = (text: string) => text + '\u4e2d'.repeat(8_192 - text.length);
    const filter = `${long("tags.a = '").slice(0, -1)}'`;
    const page = await list({ filter, order: long('tags.'), columns: long('tags.') });
    expect(page).toMatchObject({ runs: [], next: null });
  });

  it('shows the columns that are asked for', async () => {
    const { columns, runs: shown } = await list({
      columns: 'created, metrics.spell.train.loss,tags.owner,archived',
      order: 'run',
    });
    expect(columns.map(({ type }) => type)).toEqual(['time', 'number', 'text', 'boolean']);
    expect(shown[0]?.values).toEqual({
      created: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      'metrics.spell.train.loss': 'NaN',
      'tags.owner': 'me',
      archived: false,
    });
  });

  it('pages by token, and as it did before there were tokens', async () => {
    const query = { order: 'best(spell.train.loss)', limit: '2' };
    const first = await list(query);
    expect(named(first)).toEqual(['lists-c', 'lists-b']);
    const second = await list({ ...query, page: first.next ?? '' });
    expect([named(second), second.next]).toEqual([['lists-a'], null]);
    expect(await list({ ...query, order: 'run', page: first.next ?? '' })).toMatchObject({ code: 'FILTER_INVALID' });

    const old = { experiment: 'lists', state: 'running,failed', limit: '1' };
    const newest = await list(old);
    expect(named(newest)).toEqual(['lists-c']);
    expect(named(await list({ ...old, before: newest.next ?? '' }))).toEqual(['lists-b']);
    expect(named(await list({ ...old, before: 'lists-b' }))).toEqual(['lists-a']);
    expect(named(await list({ ...old, experiment: 'none' }))).toEqual([]);
    expect((await here.request('GET', '/v1/runs?state=unheard')).status).toBe(400);
    expect(await list({ before: 'nobody' })).toMatchObject({ code: 'RUN_NOT_FOUND' });
    expect(await list({ before: 'lists-b', page: first.next ?? '' })).toMatchObject({ code: 'FILTER_INVALID' });
  });

  it('says where a text cannot be read', async () => {
    const response = await here.request('GET', `/v1/runs?${new URLSearchParams({ filter: 'metrcs.loss < 3' })}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      code: 'FILTER_INVALID',
      message:
        'Column 1 of the filter: "metrcs" is none of metrics, params, tags and attributes; did you mean metrics.loss?',
      at: { text: 'filter', column: 1 },
    });
    expect(await list({ order: 'created sideways' })).toMatchObject({ at: { text: 'order', column: 9 } });
    expect(await list({ columns: 'run,,state' })).toMatchObject({ at: { text: 'columns', column: 5 } });
  });

  it('takes a filter as long as a filter may be', async () => {
    const ids = Array.from({ length: 400 }, (_, place) => `'häufig-${place}'`).join(', ');
    expect(named(await list({ filter: `run IN (${ids}, 'lists-b')` }))).toEqual(['lists-b']);
    expect(await list({ filter: `run = '${'x'.repeat(9_000)}'` })).toMatchObject({
      code: 'FILTER_INVALID',
      message: expect.stringContaining('beyond 8192 characters'),
    });
  });
});

describe('runs list', () => {
  it('prints a table, and the command for its next page', async () => {
    const filter = `tags.owner != "o'clock"`;
    const args = ['runs', 'list', '--filter', filter, '--sort', '-metrics.spell.train.loss', '--limit', '1'];
    const outcome = await here.cli([...args, '--columns', 'run,metrics.spell.train.loss']);
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    expect(outcome.stdout).toMatch(
      /^ +run +metrics\.spell\.train\.loss\n +lists-b +0\.5\n\nMore with: npx tributary runs list --filter /,
    );
    expect(outcome.stdout).toContain(
      String.raw`--filter 'tags.owner != "o'\''clock"' --sort -metrics.spell.train.loss --columns run,metrics.spell.train.loss --limit 1 --page p1.`,
    );
    const page = /--page (\S+)/.exec(outcome.stdout)?.[1] ?? '';
    const next = await here.cli([...args, '--page', page]);
    expect(next.stdout).toMatch(/lists-a +failed +2\/100 .* NaN +me +a loss was not finite\n$/);
    const { stdout } = await here.cli(['runs', 'list', '--filter', 'step > 100', '--json']);
    expect(JSON.parse(stdout)).toEqual({ runs: [], columns: [], next: null });
    expect((await here.cli(['runs', 'list', '--filter', 'step > 100'])).stdout).toBe('No run is like that.\n');
  });

  it('points at a mistake', async () => {
    const outcome = await here.cli(['runs', 'list', '--filter', 'params.kind = adam and\tstep > 1']);
    expect(outcome).toMatchObject({
      code: 2,
      stdout: '',
      stderr: [
        "Column 15 of the filter: expected text in quotes: write 'adam'",
        '  params.kind = adam and step > 1',
        '                ^',
        '',
      ].join('\n'),
    });
    const best = await here.cli(['runs', 'best', 'spell.train.loss', '--filter', 'params.kind = adam']);
    expect(best).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('  params.kind = adam\n                ^\n'),
    });
    const json = await here.cli(['runs', 'list', '--sort', 'created decs', '--json']);
    expect(json.code).toBe(2);
    expect(JSON.parse(json.stdout)).toMatchObject({ code: 'FILTER_INVALID', at: { text: 'order', column: 9 } });
    expect(json.stderr).toContain('  created decs\n          ^\n');
  });
});

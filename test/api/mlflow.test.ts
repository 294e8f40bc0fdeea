import { fileURLToPath } from 'node:url';
import { runFileSchema } from '@tributary/config';
import { mlflowPython } from '@tributary/devstack';
import type { Point, RunId } from '@tributary/protocol';
import {
  changeTags,
  createRun,
  endAttempt,
  setArchived,
  setRunState,
  startAttempt,
  writeRecords,
} from '@tributary/run-store';
import { execa } from 'execa';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiInstallation } from '../support/api-installation.js';

let here: ApiInstallation;
let python: string;

beforeAll(async () => {
  python = await mlflowPython({ report: (line) => process.stderr.write(`${line}\n`) });
  here = await ApiInstallation.open();
  await trained('words-a', { loss: 0.5, learningRate: 0.001, tags: { purpose: 'baseline' } });
  await trained('words-b', { loss: 0.25, learningRate: 0.01, note: 'the better one' });
  await trained('words-c', { loss: Number.NaN, learningRate: 0.1 });
  await trained('words-old', { loss: 0.125, learningRate: 0.001 });
  await trained('other-a', { loss: 1, learningRate: 0.001, experiment: 'other' });
  await setArchived(here.db, ['words-old'], true);
  await startAttempt(here.db, 'words-b');
  await setRunState(here.db, 'words-b', { state: 'running', reason: null });
  await endAttempt(here.db, 'words-b', 1, { state: 'finished', reason: null });
  await changeTags(here.db, 'words-b', { set: { 'with space': "it's %" } });
  // More than one page of MLflow's client.
  await sql`
    insert into points (series_id, step, value)
    select id, generate_series(2, 26000), 0.5 from series where run = 'words-a' and metric = 'spell.train.loss'`.execute(
    here.db,
  );
  await sql`
    update series set count = 26000, last_step = 26000 where run = 'words-a' and metric = 'spell.train.loss'`.execute(
    here.db,
  );
}, 600_000);
afterAll(() => here.close());

interface Trained {
  readonly loss: number;
  readonly learningRate: number;
  readonly experiment?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly note?: string;
}

async function trained(name: string, { loss, learningRate, experiment = 'words', ...rest }: Trained): Promise<void> {
  const run = name as RunId;
  const spec = runFileSchema.parse({
    experiment,
    tasks: [{ name: 'spell', data: { source: 'words', kind: 'spell' } }],
    optimizer: { kind: 'adam', learningRate },
    budget: { steps: 10 },
    ...rest,
  });
  await createRun(here.db, { run, experiment, spec, files: {} });
  const point = (series: string, step: number, value: number): Point => ({
    subject: 'task:spell',
    series,
    step,
    value,
  });
  const points = [point('train.loss', 1, 2), point('validation.loss', 5, 1), point('validation.loss', 10, loss)];
  const base = { run, attempt: 1, generation: 1, member: 0 };
  await writeRecords(here.db, [
    { ...base, kind: 'points', points, timings: [], tokens: 0 },
    { ...base, kind: 'lineage', entries: { commit: 'c0ffee' } },
  ]);
}

/** What the real client makes of our answers. */
async function client(...calls: readonly (readonly [string, object])[]): Promise<unknown[]> {
  const script = fileURLToPath(new URL('../support/mlflow_calls.py', import.meta.url));
  const { stdout } = await execa(python, [script], {
    input: JSON.stringify(calls),
    env: { MLFLOW_TRACKING_URI: here.url, MLFLOW_TRACKING_TOKEN: here.token, MLFLOW_HTTP_REQUEST_MAX_RETRIES: '1' },
  });
  // It greets whom it lets end a run.
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as unknown[];
}

interface ClientRun {
  readonly info: Readonly<Record<string, unknown>> & { readonly run_id: string };
  readonly data: Readonly<Record<'metrics' | 'params' | 'tags', Readonly<Record<string, unknown>>>>;
}
interface Page {
  readonly items: readonly ClientRun[];
  readonly token: string | null;
}
const idsOf = (page: unknown) => (page as Page).items.map(({ info }) => info.run_id);

describe("MLflow's client", () => {
  it('reads a run with its parameters, tags and last values', async () => {
    const [found, missing] = await client(['get_run', { run_id: 'words-b' }], ['mlflow.get_run', { run_id: 'none' }]);
    const row = await here.db.selectFrom('runs').selectAll().where('run', '=', 'words-b').executeTakeFirstOrThrow();
    expect(found).toMatchObject({
      info: {
        ...{ run_id: 'words-b', run_name: 'words-b', experiment_id: 'words', status: 'FINISHED' },
        ...{ start_time: row.createdAt.getTime(), end_time: row.endedAt?.getTime(), lifecycle_stage: 'active' },
      },
      data: {
        metrics: { 'spell.validation.loss': 0.25, 'spell.train.loss': 2 },
        params: { 'optimizer.learningRate': '0.01', 'tasks.spell.data.kind': 'spell', seed: '1' },
        tags: {
          ...{ 'with space': "it's %", 'mlflow.note.content': 'the better one', 'mlflow.source.git.commit': 'c0ffee' },
          ...{ 'mlflow.runName': 'words-b', 'tributary.state': 'finished' },
        },
      },
    });
    expect(missing).toMatchObject({
      error_code: 'RESOURCE_DOES_NOT_EXIST',
      message: expect.stringContaining('"none"'),
    });
  });

  it('searches by filter, view and order', async () => {
    const search = (filter: string, more: object = {}): readonly [string, object] => [
      'search_runs',
      { experiment_ids: ['words'], filter_string: filter, ...more },
    ];
    const pages = await client(
      search(''),
      search('metrics.`spell.validation.loss` < 0.3'),
      search("params.optimizer.learningRate = '0.001' and tags.purpose = 'baseline'"),
      search("attributes.status = 'FINISHED' and attributes.run_name LIKE 'words%'"),
      search("tags.`with space` LIKE '%it''s \\%'"),
      search('', { order_by: ['metrics.spell.validation.loss DESC'] }),
      search('', { order_by: ['params.optimizer.learningRate ASC', 'attributes.start_time DESC'], run_view_type: 3 }),
      search('', { run_view_type: 2 }),
      search('', { experiment_ids: ['words', 'other'] }),
      search('', { experiment_ids: [] }),
      search('metrics.loss <'),
    );
    expect(pages.slice(0, 10).map(idsOf)).toEqual([
      ['words-c', 'words-b', 'words-a'],
      ['words-b'],
      ['words-a'],
      ['words-b'],
      ['words-b'],
      ['words-a', 'words-b', 'words-c'],
      ['words-old', 'words-a', 'words-b', 'words-c'],
      ['words-old'],
      ['other-a', 'words-c', 'words-b', 'words-a'],
      [],
    ]);
    expect(pages[10]).toMatchObject({
      error_code: 'INVALID_PARAMETER_VALUE',
      message: expect.stringContaining('Column 15'),
    });
    const [newest] = (pages[0] as Page).items;
    expect(newest?.data.metrics['spell.validation.loss']).toBe('NaN');
  });

  it('turns pages, and reads all of them into a table', async () => {
    const query = { experiment_ids: ['words'], max_results: 2, order_by: ['metrics.spell.validation.loss'] };
    const [first] = (await client(['search_runs', query])) as [Page];
    expect([idsOf(first), typeof first.token]).toEqual([['words-b', 'words-a'], 'string']);
    const [second, other, frame] = await client(
      ['search_runs', { ...query, page_token: first.token }],
      ['search_runs', { ...query, order_by: [], page_token: first.token }],
      ['mlflow.search_runs', { search_all_experiments: true, order_by: ['attributes.start_time ASC'] }],
    );
    expect([idsOf(second), (second as Page).token]).toEqual([['words-c'], null]);
    expect(other).toMatchObject({
      error_code: 'INVALID_PARAMETER_VALUE',
      message: expect.stringContaining('page token'),
    });
    expect(frame).toMatchObject([
      { run_id: 'words-a', 'metrics.spell.validation.loss': 0.5, 'params.optimizer.learningRate': '0.001' },
      { run_id: 'words-b', status: 'FINISHED', 'tags.mlflow.note.content': 'the better one' },
      { run_id: 'words-c', 'metrics.spell.validation.loss': null },
      { run_id: 'other-a' },
    ]);
  });

  it('reads a whole history, page by page', async () => {
    const [long, short, none] = (await client(
      ['get_metric_history', { run_id: 'words-a', key: 'spell.train.loss' }],
      ['get_metric_history', { run_id: 'words-c', key: 'spell.validation.loss' }],
      ['get_metric_history', { run_id: 'words-c', key: 'los' }],
    )) as { items: [number, string, number][] }[];
    expect(long?.items.map(([step]) => step)).toEqual(Array.from({ length: 26_000 }, (_, index) => index + 1));
    expect(short?.items.map(([step, value]) => [step, value])).toEqual([
      [5, '1.0'],
      [10, 'nan'],
    ]);
    expect(none?.items).toEqual([]);
  });

  it('finds experiments by name, id and filter', async () => {
    const names = (page: unknown) => (page as { items: { name: string }[] }).items.map(({ name }) => name);
    const [all, some, ordered, byName, byId, nowhere, paged] = await client(
      ['search_experiments', {}],
      ['search_experiments', { filter_string: "name LIKE 'word%'" }],
      ['search_experiments', { order_by: ['name DESC'] }],
      ['get_experiment_by_name', { name: 'other' }],
      ['get_experiment', { experiment_id: 'words' }],
      ['get_experiment_by_name', { name: 'none' }],
      ['search_experiments', { max_results: 1 }],
    );
    expect([all, some, ordered].map(names)).toEqual([['other', 'words'], ['words'], ['words', 'other']]);
    expect([byName, byId, nowhere]).toMatchObject([
      { experiment_id: 'other' },
      { name: 'words', lifecycle_stage: 'active' },
      null,
    ]);
    const [rest] = await client(['search_experiments', { max_results: 1, page_token: (paged as Page).token }]);
    expect([names(paged), names(rest)]).toEqual([['other'], ['words']]);
  });

  it('lists checkpoints as artifacts', async () => {
    const parts = [{ part: 'shared', key: 'k', sizeBytes: 7, sha256: 's', stateHash: 'h' }];
    const manifest = JSON.stringify({ parts });
    await here.db
      .insertInto('checkpoints')
      .values({ run: 'words-a', step: 50, attempt: 1, stateHash: 'h', sizeBytes: 7, manifest })
      .execute();
    const list = (run_id: string, path?: string): readonly [string, object] => ['list_artifacts', { run_id, path }];
    expect(
      await client(
        list('words-a'),
        list('words-a', 'checkpoints'),
        list('words-a', 'checkpoints/step-000000050'),
        list('words-b'),
      ),
    ).toMatchObject([
      [{ path: 'checkpoints', is_dir: true }],
      [{ path: 'checkpoints/step-000000050', is_dir: true }],
      [{ path: 'checkpoints/step-000000050/shared.safetensors', is_dir: false, file_size: 7 }],
      [],
    ]);
  });

  it('is told in a sentence that it cannot write', async () => {
    const run_id = 'words-a';
    const before = await here.written();
    const refusals = await client(
      ['log_metric', { run_id, key: 'x', value: 1 }],
      ['log_param', { run_id, key: 'x', value: 1 }],
      ['set_tag', { run_id, key: 'x', value: '1' }],
      ['delete_run', { run_id }],
      ['create_run', { experiment_id: 'words' }],
      ['create_experiment', { name: 'mine' }],
      ['set_terminated', { run_id }],
    );
    for (const refusal of refusals)
      expect(refusal).toMatchObject({ error_code: 'PERMISSION_DENIED', message: expect.stringContaining('read-only') });
    expect(await here.written()).toEqual(before);
  });
});

describe("MLflow's tracking API", () => {
  const get = async (path: string, headers: Record<string, string> = {}) => {
    const response = await here.request('GET', `/api/2.0/mlflow/${path}`, undefined, headers);
    return [response.status, await response.json()];
  };

  it('thins histories of several runs for drawing', async () => {
    const [status, body] = (await get(
      'metrics/get-history-bulk-interval?run_ids=words-a&run_ids=words-b&metric_key=spell.train.loss&max_results=20',
    )) as [number, { metrics: { run_id: string; step: number }[] }];
    expect(status).toBe(200);
    const ofRun = (run: string) => body.metrics.filter(({ run_id }) => run_id === run).map(({ step }) => step);
    expect(ofRun('words-b')).toEqual([1]);
    expect([ofRun('words-a').length <= 20, ofRun('words-a')[0], ofRun('words-a').at(-1)]).toEqual([true, 1, 26_000]);
    const part =
      'metrics/get-history-bulk-interval?run_ids=words-a&metric_key=spell.train.loss&start_step=10&end_step=12';
    expect(await get(part)).toMatchObject([200, { metrics: [{ step: 10 }, { step: 11 }, { step: 12 }] }]);
  });

  it("refuses in MLflow's form: without a token, what it has not, and wrong values", async () => {
    expect(await get('runs/get?run_id=words-a', { authorization: 'Bearer no' })).toMatchObject([
      401,
      { error_code: 'UNAUTHENTICATED' },
    ]);
    expect(await get('traces/abc')).toMatchObject([404, { error_code: 'ENDPOINT_NOT_FOUND' }]);
    expect(await get('runs/get')).toMatchObject([400, { error_code: 'INVALID_PARAMETER_VALUE' }]);
    expect(await get('metrics/get-history?run_id=words-a&metric_key=x&page_token=z')).toMatchObject([
      400,
      { error_code: 'INVALID_PARAMETER_VALUE' },
    ]);
    expect(await get('experiments/search?filter=tags.x%20%3D%20%27y%27')).toMatchObject([
      400,
      { message: expect.stringContaining('by name') },
    ]);
    const upload = await here.request('PUT', '/api/2.0/mlflow-artifacts/artifacts/x', new Uint8Array(100));
    expect([upload.status, await upload.json()]).toMatchObject([403, { error_code: 'PERMISSION_DENIED' }]);
  });
});

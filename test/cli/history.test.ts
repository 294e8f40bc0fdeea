import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runFileSchema } from '@tributary/config';
import type { Point, RunId } from '@tributary/protocol';
import { createRun, endAttempt, findRun, setRunState, startAttempt, tagsOf, writeRecords } from '@tributary/run-store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiInstallation } from '../support/api-installation.js';

let here: ApiInstallation;
const ids = ['cli-a', 'cli-b'];

beforeAll(async () => {
  here = await ApiInstallation.open({ grafana: 'https://its-own.example' });
  for (const [place, id] of ids.entries()) {
    const run = id as RunId;
    const spec = runFileSchema.parse({
      experiment: 'cli',
      tasks: [{ name: 'spell', data: { source: 'words', kind: 'spell' } }],
      budget: { steps: 400 },
    });
    await createRun(here.db, { run, experiment: 'cli', spec, files: {} });
    const attempt = await startAttempt(here.db, run);
    await setRunState(here.db, run, { state: 'running', reason: null });
    const points = Array.from({ length: 400 }, (_, index): Point[] => [
      { subject: 'task:spell', series: 'train.loss', step: index + 1, value: (4 + place) / Math.sqrt(index + 1) },
      { subject: 'run', series: 'grad_norm', step: index + 1, value: index === 9 ? Number.NaN : 1 + place },
    ]).flat();
    const base = { run, attempt, generation: 1, member: 0, tokens: 0 } as const;
    await writeRecords(here.db, [{ ...base, kind: 'points', points, timings: [] }]);
    await endAttempt(here.db, run, attempt, { state: 'finished', reason: null });
  }
});
afterAll(() => here.close());

const file = (name: string) => join(here.folder, name);

describe('runs history', () => {
  it('draws a line of text, and its figures', async () => {
    const { code, stdout } = await here.cli(['runs', 'history', 'cli-a', 'spell.train.loss']);
    expect(code).toBe(0);
    expect(stdout).toContain('Run cli-a: spell.train.loss, 400 points, steps 1 to 400');
    expect(stdout).toMatch(/^█[▁-█]*▁$/m);
    expect(stdout).toContain('first 4   last 0.2   min 0.2   max 4   (less is better)');
  });

  it('prints points as CSV and JSON', async () => {
    const csv = await here.cli(['runs', 'history', 'cli-a', 'grad_norm', '--csv']);
    expect(csv.stdout.trimEnd().split('\n')).toHaveLength(401);
    expect(csv.stdout).toContain('\n10,NaN\n');
    const few = await here.cli(['runs', 'history', 'cli-a', 'grad_norm', '--csv', '--points', '10']);
    expect(few.stdout.trimEnd().split('\n').length).toBeLessThanOrEqual(11);
    expect(few.stdout).toContain('\n10,NaN\n');
    const json = await here.cli(['runs', 'history', 'cli-a', 'grad_norm', '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({ run: 'cli-a', count: 400, first: 1, last: 1 });
  });

  it('says which metrics there are', async () => {
    const { code, stderr } = await here.cli(['runs', 'history', 'cli-a', 'loss']);
    expect(code).toBe(2);
    expect(stderr).toBe('Run cli-a has no metric "loss"; it has grad_norm, spell.train.loss.\n');
  });
});

describe('runs show', () => {
  it("links to the run's dashboard where a Grafana is named", async () => {
    const address = /^Grafana {5}https:\/\/grafana\.example\/d\/tributary-run\/run\?var-run=cli-a&from=\d+&to=\d+$/m;
    const named = await here.cli(['runs', 'show', 'cli-a'], { TRIBUTARY_GRAFANA_URL: 'https://grafana.example' });
    expect(named.stdout).toMatch(address);
    expect((await here.cli(['runs', 'show', 'cli-a'])).stdout).toMatch(/^Grafana {5}https:\/\/its-own\.example\/d\//m);
  });
});

describe('runs plot', () => {
  const metrics = ['--metric', 'spell.train.loss', '--metric', 'grad_norm'];

  it('draws runs and metrics as SVG', async () => {
    const out = file('plot.svg');
    const { code, stdout, stderr } = await here.cli(['runs', 'plot', ...ids, ...metrics, '--out', out]);
    expect(code, stderr).toBe(0);
    expect(stdout).toBe(`${out}: 4 lines\n`);
    const svg = await readFile(out, 'utf8');
    expect(svg).toMatch(/^<svg /);
    for (const text of ['cli-a', 'cli-b', 'spell.train.loss', 'grad_norm', 'step']) expect(svg).toContain(`>${text}<`);
    // One colour a run, in both panels.
    for (const colour of ['#0072B2', '#D55E00'])
      expect(svg.match(new RegExp(`<path[^>]*fill="none"[^>]*stroke="${colour}"`, 'g'))?.length).toBeGreaterThanOrEqual(
        2,
      );
  });

  it('draws PNG', async () => {
    const out = file('plot.png');
    const { code, stderr } = await here.cli(['runs', 'plot', ...ids, ...metrics, '--out', out, '--log']);
    expect(code, stderr).toBe(0);
    const png = await readFile(out);
    expect(png.subarray(1, 4).toString()).toBe('PNG');
    expect(png.readUInt32BE(16)).toBe(1_920);
    expect(png.length).toBeGreaterThan(20_000);
  });

  it.each([
    [['cli-a', '--metric', 'grad_norm', '--out', 'plot.jpg'], 'plot.jpg is neither .svg nor .png'],
    [['cli-a', '--metric', 'none', '--out', 'plot.svg'], 'has no metric "none"'],
    [['cli-a', '--metric', 'grad_norm', '--out', '/no-such-folder/plot.svg'], 'cannot be written'],
    [['cli-a', '--out', 'plot.svg'], "required option '--metric <name>'"],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await here.cli(['runs', 'plot', ...args]);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });
});

describe('runs tag, note, archive, restore', () => {
  it('change what is written on a run', async () => {
    const tagged = await here.cli(['runs', 'tag', 'cli-a', 'purpose=baseline', 'formula=a=b']);
    expect(tagged.stdout).toMatch(/purpose\s+baseline/);
    expect(await tagsOf(here.db, 'cli-a')).toEqual({ formula: 'a=b', purpose: 'baseline' });
    const removed = await here.cli(['runs', 'tag', 'cli-a', '--remove', 'formula', '--json']);
    expect(JSON.parse(removed.stdout)).toEqual({ run: 'cli-a', tags: { purpose: 'baseline' } });
    expect((await here.cli(['runs', 'note', 'cli-a', 'good one'])).stdout).toBe('Run cli-a: good one\n');
    const shown = (await here.cli(['runs', 'show', 'cli-a'])).stdout;
    expect(shown).toContain('good one');
    expect(shown).toContain('purpose=baseline');
    expect((await here.cli(['runs', 'archive', 'cli-a'])).stdout).toBe('1 run is archived\n');
    expect((await here.cli(['runs', 'list'])).stdout).not.toContain('cli-a');
    expect((await here.cli(['runs', 'restore', 'cli-a', 'cli-b'])).stdout).toBe(
      '1 run is back in lists; the others were already\n',
    );
  }, 180_000);

  it.each([
    [['tag', 'cli-a', 'purpose'], '"purpose" is no tag'],
    [['tag', 'cli-a', '/x=1'], 'must be 1 to 250'],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await here.cli(['runs', ...args]);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });
});

describe('runs delete --filter', () => {
  it('only names what it finds, until it is told to go on', async () => {
    const filter = ['runs', 'delete', '--filter', "experiment = 'cli' and metrics.grad_norm = 2"];
    const named = await here.cli(filter);
    expect(named.stdout).toBe('cli-b\n\n1 run fits; delete for good with --yes\n');
    expect(await findRun(here.db, 'cli-b')).not.toBeNull();
    expect((await here.cli([...filter.slice(0, 3), "experiment = 'none'"])).stdout).toBe('No run fits the filter\n');
    expect((await here.cli(['runs', 'delete'])).code).toBe(2);
    expect((await here.cli(['runs', 'delete', '--filter', 'metrics.'])).code).toBe(2);
  });
});

describe('runs export, delete, import', () => {
  it('move a run away and back', async () => {
    const [whole, points, parquet] = [file('runs.jsonl'), file('points.csv'), file('points.parquet')];
    expect((await here.cli(['runs', 'export', ...ids, '--out', whole])).stderr).toBe('');
    const table = await here.cli(['runs', 'export', '--all', '--format', 'csv', '--out', points, '--json']);
    expect(JSON.parse(table.stdout)).toMatchObject({ out: points, format: 'csv' });
    expect((await readFile(points, 'utf8')).trimEnd().split('\n')).toHaveLength(1_601);
    await here.cli(['runs', 'export', '--all', '--format', 'parquet', '--out', parquet]);
    expect((await readFile(parquet)).subarray(0, 4).toString()).toBe('PAR1');
    expect((await here.cli(['runs', 'export', 'cli-a', '--format', 'csv', '--table', 'params'])).stdout).toContain(
      'cli-a,budget.steps,400,400',
    );

    const found = ['runs', 'export', '--filter', "run = 'cli-b'", '--format', 'csv', '--table', 'runs'];
    expect((await here.cli(found)).stdout.split('\n')[1]).toMatch(/^cli-b,/);

    const before = JSON.parse((await here.cli(['runs', 'show', 'cli-a', '--json'])).stdout) as unknown;
    expect((await here.cli(['runs', 'delete', ...ids, '--wait'])).stdout).toBe(
      '2 runs are deleted, and all their data\n',
    );
    expect(await findRun(here.db, 'cli-a')).toBeNull();
    expect((await here.cli(['runs', 'import', whole])).stdout).toBe('2 runs are imported\n');
    expect(JSON.parse((await here.cli(['runs', 'show', 'cli-a', '--json'])).stdout)).toEqual(before);
    expect((await here.cli(['runs', 'import', whole])).code).toBe(1);
    expect((await here.cli(['runs', 'import', whole, '--skip-taken'])).stdout).toBe(
      '0 runs are imported; 2 were here already\n',
    );
  }, 180_000);

  it('says why an import is refused while most of its file is still to come', async () => {
    const head = '{"kind":"export","format":"tributary-runs/1"}\n{"kind":"run","row":{"run":"a b"}}\n';
    const rest = `${'x'.repeat(1_023)}\n`.repeat(64 * 1024);
    const { code, stderr } = await here.cli(['runs', 'import', await here.file('large.jsonl', head + rest)]);
    expect(stderr).toContain('Line 2 cannot be imported: "a b" is no id of a run');
    expect(code).toBe(2);
  });

  it.each([
    [['export'], 'Name the runs to export'],
    [['export', 'cli-a', '--all'], 'Name the runs to export'],
    [['export', 'cli-a', '--filter', 'step > 1'], 'Name the runs to export'],
    [['export', '--filter', 'step >'], 'Column 7 of the filter'],
    [['export', '--all', '--format', 'parquet'], 'Parquet is not text'],
    [['export', '--all', '--format', 'jsonl', '--table', 'runs'], 'jsonl holds whole runs'],
    [['export', '--all', '--out', '/no-such-folder/x.jsonl'], 'cannot be written'],
    [['import', '/no-such-file'], '/no-such-file is no file'],
  ])('refuse %j', async (args, message) => {
    const { code, stderr } = await here.cli(['runs', ...args]);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });
});

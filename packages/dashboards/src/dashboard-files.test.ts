import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Panel, VariableType } from '@grafana/grafana-foundation-sdk/dashboard';
import { dashboardUids } from '@tributary/protocol';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { allBoards, dashboardFiles } from './all-boards.js';

const folder = resolve(import.meta.dirname, '../../../dashboards');
const panelsOf = (dashboard: ReturnType<typeof allBoards>[number]): Panel[] =>
  (dashboard.panels ?? []).filter((panel): panel is Panel => panel.type !== 'row');

describe('the files of dashboards', () => {
  it('are what their code gives; else run: npm run dashboards', async () => {
    const files = dashboardFiles();
    const there = (await readdir(folder)).filter((name) => name.endsWith('.json'));
    expect(there.sort()).toEqual([...files.keys()].sort());
    for (const [name, text] of files) expect(await readFile(join(folder, name), 'utf8'), name).toBe(text);
  });
});

describe('what provisions them', () => {
  const provisioning = resolve(folder, '../infra/grafana/provisioning');
  const read = async (name: string): Promise<unknown> => parse(await readFile(join(provisioning, name), 'utf8'));

  it('makes data sources of the types that dashboards choose from, without a secret', async () => {
    const { datasources } = (await read('datasources/tributary.yml')) as {
      datasources: readonly { type: string; url: string; secureJsonData?: Readonly<Record<string, string>> }[];
    };
    const chosen = allBoards().flatMap(({ templating }) =>
      (templating.list ?? []).filter(({ type }) => type === VariableType.Datasource).map(({ query }) => query),
    );
    expect(datasources.map(({ type }) => type).sort()).toEqual([...new Set(chosen)].sort());
    const readme = await readFile(join(folder, 'README.md'), 'utf8');
    for (const { url, secureJsonData = {} } of datasources)
      for (const value of [url, ...Object.values(secureJsonData)]) {
        expect(value).toMatch(/^\$TRIBUTARY_[A-Z_]+$/);
        expect(readme).toContain(value.slice(1));
      }
  });

  it('reads the folder of dashboards', async () => {
    const { providers } = (await read('dashboards/tributary.yml')) as { providers: readonly object[] };
    expect(providers).toMatchObject([{ type: 'file', options: { path: '$TRIBUTARY_DASHBOARDS_DIR' } }]);
  });
});

describe.each(allBoards().map((dashboard) => [dashboard.uid ?? '', dashboard] as const))('%s', (uid, dashboard) => {
  it('is one of those that others link to, and links to them', () => {
    expect(Object.values(dashboardUids)).toContain(uid);
    expect(dashboard.links).toMatchObject([
      { type: 'dashboards', tags: ['tributary'], keepTime: true, includeVars: true },
    ]);
    for (const [, target] of JSON.stringify(dashboard).matchAll(/\/d\/([\w-]+)\?/g))
      expect(Object.values(dashboardUids)).toContain(target);
  });

  it('says of each panel what it shows, in which unit', () => {
    for (const panel of panelsOf(dashboard)) {
      expect(panel.title, JSON.stringify(panel)).toMatch(/\S/);
      expect(panel.description, panel.title).toMatch(/\.$/);
      expect(panel.fieldConfig?.defaults.unit, panel.title).toMatch(/\S/);
      expect(panel.targets?.length, panel.title).toBeGreaterThan(0);
    }
    const titles = panelsOf(dashboard).map(({ title }) => title);
    expect(titles, 'each once').toEqual([...new Set(titles)]);
    const ids = (dashboard.panels ?? []).map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('lays its panels out without gaps to the right and without overlaps', () => {
    const taken = new Set<string>();
    for (const { title, gridPos } of dashboard.panels ?? []) {
      if (gridPos === undefined) throw new Error(`"${title}" has no place`);
      const { x, y, w, h } = gridPos;
      expect(x + w, title).toBeLessThanOrEqual(24);
      for (let column = x; column < x + w; column += 1)
        for (let row = y; row < y + h; row += 1) {
          expect(taken.has(`${column} ${row}`), `${title} lies over another panel`).toBe(false);
          taken.add(`${column} ${row}`);
        }
    }
  });

  it('uses each variable that it offers, and no other', () => {
    const offered = (dashboard.templating.list ?? []).map(({ name }) => name);
    const text = JSON.stringify({ panels: dashboard.panels, variables: dashboard.templating });
    const used = [...text.matchAll(/\$\{?([a-z]\w*)/g)].map(([, name]) => name);
    expect([...new Set(used)].sort()).toEqual(offered.toSorted());
  });
});

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '@tributary/devstack';
import { expect, it, vi } from 'vitest';
import { typeErrors } from './monitoring/type-check.js';

// The compiler reads the SDK's types anew each time.
vi.setConfig({ testTimeout: 120_000 });

const folder = join(repositoryRoot(), 'dashboards');
const shipped = new Map(
  readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => [name, readFileSync(join(folder, name), 'utf8')] as const),
);

it('gives dashboards of the types that Grafana publishes, with nothing that these do not know', () => {
  expect(typeErrors(shipped)).toEqual([]);
});

it('finds a property, a value and a kind of panel that the types do not know', () => {
  const run = shipped.get('run.json') ?? '';
  const changed = new Map([
    ['property', run.replace('"fillOpacity"', '"fillOpacitty"')],
    ['value', run.replace('"displayMode": "table"', '"displayMode": "tables"')],
    ['missing', run.replace('"schemaVersion": 42,', '')],
    ['panel', run.replace('"type": "timeseries"', '"type": "graph"')],
    ['query', run.replace('"legendFormat"', '"legend"')],
  ]);
  for (const text of changed.values()) expect(text).not.toBe(run);
  const found = typeErrors(changed);
  for (const name of changed.keys())
    expect(
      found.filter((line) => line.startsWith(name)),
      name,
    ).not.toEqual([]);
});

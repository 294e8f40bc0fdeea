import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Dashboard, Panel, VariableModel } from '@grafana/grafana-foundation-sdk/dashboard';
import { repositoryRoot } from '@tributary/devstack';

/** A query of a panel: PromQL or SQL. */
export interface Target {
  readonly refId: string;
  readonly expr?: string;
  readonly legendFormat?: string;
  readonly instant?: boolean;
  readonly rawSql?: string;
  readonly format?: string;
}

const folder = join(repositoryRoot(), 'dashboards');

/** The dashboards as they are shipped. */
export function shippedDashboards(): Dashboard[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Dashboard);
}

export const panelsOf = ({ panels = [] }: Dashboard): Panel[] =>
  panels.filter((panel): panel is Panel => panel.type !== 'row');

export const targetsOf = ({ targets = [] }: Panel): Target[] => targets as unknown as Target[];

/** The variables that are filled by a query. */
export const queriedVariables = ({ templating }: Dashboard): VariableModel[] =>
  (templating.list ?? []).filter(({ type }) => type === ('query' as string));

/** Names of our own metrics in an expression, as they are written: with `_sum`, `_count` and `_bucket`; and recorded series. */
export function metricsIn(expression: string): string[] {
  const withoutValues = expression.replaceAll(/"[^"]*"/g, '""');
  const words = withoutValues.matchAll(
    /\b((?:run|worker):tributary_\w+:\w+|(?:tributary|temporal|nodejs|process|service)_\w+)\b/g,
  );
  return [...new Set([...words].map(([name]) => name))];
}

import type { Dashboard, VariableModel } from '@grafana/grafana-foundation-sdk/dashboard';
import { checkTarget, type Problem, type Sources } from './check-panel.js';
import { panelsOf, queriedVariables, type Target, targetsOf } from './dashboard-files.js';
import { type Choice, expandPromql, expandSql, type View } from './expand-query.js';

export interface Time {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A query of a dashboard, and what is the matter with it. */
export interface Finding extends Problem {
  /** `<dashboard>/<panel>/<query>`. */
  readonly where: string;
  readonly query: string;
}

/**
 * Fills the variables as Grafana does, in their order.
 * @param wanted the user's choice of some of them
 * @throws where a variable has nothing to choose, or not what is wanted
 */
export async function fillVariables(
  dashboard: Dashboard,
  time: Time,
  sources: Sources,
  wanted: Readonly<Record<string, string>>,
): Promise<View> {
  const choices = new Map<string, Choice>();
  const view: View = { ...time, choices };
  for (const variable of queriedVariables(dashboard)) {
    const offered = await optionsOf(variable, view, sources);
    const where = `${dashboard.uid}: variable ${variable.name}`;
    if (offered.length === 0) throw new Error(`${where} has nothing to choose`);
    const choice = wanted[variable.name];
    if (choice !== undefined && !offered.includes(choice)) throw new Error(`${where} does not offer ${choice}`);
    if (variable.multi === true) choices.set(variable.name, { values: choice ? [choice] : offered, several: true });
    else choices.set(variable.name, { values: [choice ?? (offered[0] as string)], several: false });
  }
  return view;
}

async function optionsOf({ query }: VariableModel, view: View, { prometheus, postgres }: Sources): Promise<string[]> {
  if (typeof query === 'string') {
    const { columns, rows } = await postgres.rows(expandSql(query, view));
    return rows.map((row) => String(row[columns[0]?.name ?? '']));
  }
  const [, series = '', label = ''] = /^label_values\((.+), (\w+)\)$/.exec(String(query?.query)) ?? [];
  return prometheus.labelValues(expandPromql(series, view), label, view);
}

/** Every query of a dashboard, as a user would see it now. */
export async function checkDashboard(
  dashboard: Dashboard,
  view: View,
  sources: Sources,
  only: (target: Target) => boolean = () => true,
): Promise<Finding[]> {
  const found: Finding[] = [];
  for (const panel of panelsOf(dashboard))
    for (const target of targetsOf(panel).filter(only)) {
      const problem = await checkTarget(panel, target, view, sources);
      const query = target.expr ?? target.rawSql ?? '';
      if (problem) found.push({ ...problem, where: `${dashboard.uid}/${panel.title}/${target.refId}`, query });
    }
  return found;
}

/** What is wrong in any view, and what is empty in all of them: a panel of faults is empty of a run that had none. */
export function together(views: readonly (readonly Finding[])[]): Finding[] {
  const all = views.flat();
  const missing = (where: string): number => all.filter((finding) => finding.where === where).length;
  const told = new Set<string>();
  return all.filter(({ kind, where }) => {
    if (told.has(where) || (kind === 'empty' && missing(where) < views.length)) return false;
    told.add(where);
    return true;
  });
}

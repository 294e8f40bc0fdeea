import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { catalogue } from '@tributary/telemetry';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { alertRules, recordingRules } from './monitoring/alert-rules.js';
import { catalogueTests, forgettingTest } from './monitoring/catalogue-tests.js';
import { checkDashboard, type Finding, fillVariables, together } from './monitoring/check-dashboard.js';
import { metricsIn, panelsOf, shippedDashboards, type Target, targetsOf } from './monitoring/dashboard-files.js';
import { PostgresSource, PrometheusSource } from './monitoring/data-sources.js';
import type { View } from './monitoring/expand-query.js';
import { type ObservedRuns, observeRuns } from './monitoring/observed-runs.js';
import { rightlyEmpty } from './monitoring/rightly-empty.js';

const dashboards = shippedDashboards();
const expressions = dashboards.flatMap((dashboard) =>
  panelsOf(dashboard).flatMap((panel) => targetsOf(panel).flatMap(({ expr }) => (expr === undefined ? [] : [expr]))),
);

/** Name → labels, of everything that our processes export and our rules record. */
const ours = new Map<string, readonly string[]>(
  Object.values(catalogue).flatMap(({ name, labels }) =>
    ['', '_sum', '_count', '_bucket'].map((suffix) => [name + suffix, labels] as const),
  ),
);

describe('queries of dashboards and rules', () => {
  it('name metrics of the catalogue, and recorded series, only', () => {
    const recorded = recordingRules.map(({ record }) => record);
    for (const expression of [
      ...expressions,
      ...alertRules.map(({ expr }) => expr),
      ...recordingRules.map(({ expr }) => expr),
    ])
      for (const metric of metricsIn(expression)) {
        if (metric.startsWith('tributary_')) expect([...ours.keys()], expression).toContain(metric);
        else if (metric.includes(':')) expect(recorded, expression).toContain(metric);
      }
  });
});

describe('over real runs, of which one loses a trainer, one is never finite, one ends and one fails', () => {
  let observed: ObservedRuns;
  let prometheus: PrometheusSource;
  let postgres: PostgresSource;
  const views = new Map<Dashboard, readonly View[]>();

  beforeAll(async () => {
    observed = await observeRuns();
    prometheus = new PrometheusSource(observed.prometheusUrl);
    postgres = new PostgresSource(observed.installation.postgresUrl);
  }, 600_000);
  afterAll(async () => {
    await postgres?.close();
    await observed?.close();
  });

  catalogueTests(() => observed);

  describe('dashboards', () => {
    const sources = () => ({ prometheus, postgres });
    /** What a user sees who looks at the training run, and at those with trouble or an end. */
    async function look(dashboard: Dashboard): Promise<View[]> {
      const time = { fromMs: observed.fromMs, toMs: Date.now() };
      const { trained, broken, finished } = observed.runs;
      const offersEnded = dashboard.uid === 'tributary-history';
      const chosen = dashboard.templating.list?.some(({ name }) => name === 'run')
        ? [trained, broken, ...(offersEnded ? [finished] : [])].map((run) => ({ run }))
        : [{}];
      return Promise.all(chosen.map((choice) => fillVariables(dashboard, time, sources(), choice)));
    }
    async function check(of: readonly Dashboard[], only?: (target: Target) => boolean): Promise<Finding[]> {
      const found = await Promise.all(
        of.map(async (dashboard) => {
          // Of a changed copy, as of the dashboard that is shipped.
          const original = dashboards.find(({ uid }) => uid === dashboard.uid) as Dashboard;
          const seen = views.get(original) ?? [];
          return together(await Promise.all(seen.map((view) => checkDashboard(dashboard, view, sources(), only))));
        }),
      );
      return found.flat();
    }
    const surprising = ({ kind, where }: Finding): boolean => kind === 'wrong' || rightlyEmpty[where] === undefined;
    const lines = (findings: readonly Finding[]): string[] =>
      findings.map(({ where, text, query }) => `${where} ${text}: ${query}`);

    it('show what happened in every panel, for every choice of their variables', async () => {
      expect(observed.states).toEqual(['finished', 'failed']);
      await vi.waitFor(
        async () => {
          await observed.installation.call('GET', '/runs');
          for (const dashboard of dashboards) views.set(dashboard, await look(dashboard));
          expect(lines((await check(dashboards)).filter(surprising))).toEqual([]);
        },
        { timeout: 150_000, interval: 2_000 },
      );
    }, 200_000);

    it('show nothing where they are said to', async () => {
      const nothing = (await check(dashboards)).filter(({ kind }) => kind === 'empty').map(({ where }) => where);
      expect(nothing.sort()).toEqual(Object.keys(rightlyEmpty).sort());
    });

    it('are filled by rules that Prometheus could evaluate, of metrics that are there', async () => {
      const rules = await prometheus.rules();
      expect(rules.map(({ name }) => name).sort()).toEqual(
        [...alertRules.map(({ alert }) => alert), ...recordingRules.map(({ record }) => record)].sort(),
      );
      for (const { name, health, lastError } of rules) expect(health, `${name}: ${lastError}`).toBe('ok');
      const view = views.get(dashboards[0] as Dashboard)?.[0] as View;
      const absent: string[] = [];
      for (const { alert, expr } of alertRules)
        for (const [selector] of expr.matchAll(
          /\b(?:run:|worker:)?(?:tributary|temporal)_\w+(?::\w+)?(?:\{[^}]*\})?/g,
        )) {
          const seconds = Math.ceil((view.toMs - view.fromMs) / 1_000);
          if ((await prometheus.instant(`last_over_time(${selector}[${seconds}s])`, view)).length === 0)
            absent.push(`${alert}: ${selector}`);
        }
      expect(absent.filter((line) => !line.includes('tributary_gpu_'))).toEqual([]);
    });

    // What is checked must be able to fail.
    it('fail where a metric has another name', async () => {
      const metrics = [...new Set(expressions.flatMap(metricsIn))].filter((name) => !name.startsWith('tributary_gpu_'));
      expect(metrics.length).toBeGreaterThan(60);
      const unnoticed: string[] = [];
      for (const metric of metrics) {
        const asked = ({ expr = '' }: Target): boolean => metricsIn(expr).includes(metric);
        const renamed = renameEverywhere(dashboards, new RegExp(`\\b${metric}\\b`, 'g'), `${metric}_renamed`);
        const noticed = new Set(
          (await check(renamed, ({ expr = '' }) => metricsIn(expr).includes(`${metric}_renamed`))).map(
            ({ where }) => where,
          ),
        );
        for (const dashboard of dashboards)
          for (const panel of panelsOf(dashboard))
            for (const target of targetsOf(panel).filter(asked)) {
              const where = `${dashboard.uid}/${panel.title}/${target.refId}`;
              // "… or 0" stands for a counter of what has not happened yet.
              if (!noticed.has(where) && !/ or /.test(target.expr ?? '')) unnoticed.push(`${where} without ${metric}`);
            }
      }
      expect(unnoticed).toEqual([]);
    }, 300_000);

    it('fail where a legend names a label that is not there, or SQL a column', async () => {
      const legends = renameEverywhere(dashboards, /\{\{(\w+)\}\}/g, '{{no_$1}}');
      const withLegend = ({ legendFormat = '' }: Target): boolean => legendFormat.includes('{{');
      const count = dashboards.flatMap(panelsOf).flatMap(targetsOf).filter(withLegend).length;
      expect(await check(legends, withLegend)).toHaveLength(count);
      const columns = renameEverywhere(dashboards, /\brun\b(?=[ ,)])/g, 'no_run');
      const ofRuns = ({ rawSql = '' }: Target): boolean => /\bno_run\b/.test(rawSql);
      const asked = columns.flatMap(panelsOf).flatMap(targetsOf).filter(ofRuns).length;
      expect(asked).toBeGreaterThan(5);
      expect(await check(columns, ofRuns)).toHaveLength(asked);
    });
  });

  forgettingTest(() => observed);
});

/** Copies of the dashboards in which the queries read otherwise. */
function renameEverywhere(of: readonly Dashboard[], pattern: RegExp, replacement: string): Dashboard[] {
  return of.map((dashboard) => {
    const copy = structuredClone(dashboard);
    for (const panel of panelsOf(copy))
      for (const target of panel.targets as unknown as Record<string, unknown>[])
        for (const field of ['expr', 'rawSql', 'legendFormat'])
          if (typeof target[field] === 'string') target[field] = target[field].replace(pattern, replacement);
    return copy;
  });
}

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from '@tributary/devstack';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { alertCases, type FiringCase, firesWithoutData, type InputSeries } from './monitoring/alert-cases.js';
import { type AlertRule, alertRules, recordingRules, ruleFiles } from './monitoring/alert-rules.js';
import { promtool } from './monitoring/promtool.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tributary-alerts-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The rule's annotations as an alert with these labels shows them. */
function annotationsOf(rule: AlertRule, labels: FiringCase['labels'], value = ''): Record<string, string> {
  return Object.fromEntries(
    Object.entries(rule.annotations).map(([name, text]) => [
      name,
      text
        .replace(/\{\{ \$labels\.(\w+) \}\}/g, (_, label: string) => labels[label] ?? '')
        .replace(/\{\{ \$value[^}]*\}\}/g, value),
    ]),
  );
}

function unitTest(
  rule: AlertRule,
  name: string,
  at: string,
  series: InputSeries,
  expected: readonly Pick<FiringCase, 'labels' | 'value'>[],
): object {
  return {
    name: `${rule.alert}: ${name}`,
    interval: '15s',
    input_series: Object.entries(series).map(([one, values]) => ({ series: one, values })),
    alert_rule_test: [
      {
        eval_time: at,
        alertname: rule.alert,
        exp_alerts: expected.map(({ labels, value }) => ({
          exp_labels: { ...rule.labels, ...labels },
          exp_annotations: annotationsOf(rule, labels, value),
        })),
      },
    ],
  };
}

/** Firing, not firing, and without any data. */
function testsOf(rule: AlertRule): object[] {
  const { fires = [], quiet = [] } = alertCases[rule.alert] ?? {};
  const absent = (firesWithoutData[rule.alert] ?? []).map((labels) => ({ labels }));
  return [
    ...fires.map((one) => unitTest(rule, one.when, one.at, one.series, [one])),
    ...quiet.map((one) => unitTest(rule, one.when, one.at, one.series, [])),
    unitTest(rule, 'no data', '90m', {}, absent),
  ];
}

/** Each alert with the recorded series that it names: with all rules in each case, promtool takes ten times as long. */
async function testRules(rules: readonly AlertRule[]): ReturnType<typeof promtool> {
  const files = await Promise.all(
    rules.map(async (rule) => {
      const recorded = recordingRules.filter(({ record }) => rule.expr.includes(record));
      const ruleFile = join(folder, `${rule.alert}.yml`);
      const testFile = join(folder, `${rule.alert}.test.yml`);
      // JSON is YAML. In two groups, as in the files: groups see each other's last evaluation.
      const groups = [
        { name: 'recording', rules: recorded },
        { name: 'alert', rules: [rule] },
      ].filter((group) => group.rules.length > 0);
      await writeFile(ruleFile, JSON.stringify({ groups }));
      const tests = { rule_files: [ruleFile], evaluation_interval: '15s', tests: testsOf(rule) };
      await writeFile(testFile, JSON.stringify(tests));
      return testFile;
    }),
  );
  return promtool('test', 'rules', ...files);
}

describe('rules of Prometheus', () => {
  it('are well-formed', async () => {
    const { ok, output } = await promtool('check', 'rules', '--lint=all', '--lint-fatal', ...ruleFiles);
    expect(output).toContain('SUCCESS');
    expect(ok, output).toBe(true);
  });

  it('are loaded by the example of a configuration', async () => {
    const { ok, output } = await promtool('check', 'config', join(repositoryRoot(), 'infra/prometheus/prometheus.yml'));
    expect(output).toContain(`${alertRules.length} rules found`);
    expect(ok, output).toBe(true);
  });

  it('cover each alert with a case that fires and one that does not, and say what to do', () => {
    expect(Object.keys(alertCases).sort()).toEqual(alertRules.map(({ alert }) => alert).sort());
    for (const { alert, labels, annotations } of alertRules) {
      expect(alertCases[alert]?.fires.length, alert).toBeGreaterThan(0);
      expect(alertCases[alert]?.quiet.length, alert).toBeGreaterThan(0);
      expect(labels.severity, alert).toMatch(/^(critical|warning)$/);
      expect(Object.keys(annotations).sort(), alert).toEqual(['action', 'dashboard', 'description', 'summary']);
    }
  });

  it('fire when they should, and only then', async () => {
    const { ok, output } = await testRules(alertRules);
    expect(ok, output).toBe(true);
  });

  // Each expectation must be able to fail.
  it('fail their tests where an alert never fires, and where it always does', async () => {
    const failing = async (change: (expression: string) => string): Promise<string[]> => {
      const { output } = await testRules(alertRules.map((rule) => ({ ...rule, expr: change(rule.expr) })));
      return alertRules.map(({ alert }) => alert).filter((alert) => output.includes(`alertname: ${alert},`));
    };
    const all = alertRules.map(({ alert }) => alert);
    expect(await failing((expression) => `(${expression}) and on () (vector(1) > 2)`)).toEqual(all);
    expect(await failing(() => 'vector(1)')).toEqual(all);
  });
});

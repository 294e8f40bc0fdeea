import { expect, it } from 'vitest';
import { runDashboardUrl } from './dashboard-links.js';

const from = new Date(1_700_000_000_000);

it('shows a run that ended in its own time, with a minute around it', () => {
  expect(runDashboardUrl('https://grafana.example', 'r-1', from, new Date(1_700_000_100_000))).toBe(
    'https://grafana.example/d/tributary-run/run?var-run=r-1&from=1699999940000&to=1700000160000',
  );
});

it('follows a run that goes on, under a path of a proxy, and escapes its name', () => {
  expect(runDashboardUrl('http://localhost/grafana/', 'a b&c', from, null)).toBe(
    'http://localhost/grafana/d/tributary-run/run?var-run=a%20b%26c&from=1699999940000&to=now',
  );
});

it('shows the last hours of a run of which the beginning is not known', () => {
  expect(runDashboardUrl('http://localhost', 'r-1', null, null)).toBe(
    'http://localhost/d/tributary-run/run?var-run=r-1&from=now-6h&to=now',
  );
});

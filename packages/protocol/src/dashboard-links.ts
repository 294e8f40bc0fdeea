/** The Grafana dashboards of `dashboards/`, by what they show; the name of each is its address (`/d/<uid>`) as well. */
export const dashboardUids = {
  fleet: 'tributary-fleet',
  run: 'tributary-run',
  tasks: 'tributary-tasks',
  workers: 'tributary-workers',
  recovery: 'tributary-recovery',
  controlPlane: 'tributary-control-plane',
  history: 'tributary-history',
} as const;

/** So much more of the time before and after a run is shown. */
const marginMs = 60_000;

/**
 * Where Grafana shows a run.
 *
 * @param base Grafana's address, with or without a slash at its end
 * @param from when the run was launched; null where that is not known: the last six hours
 * @param to when it ended; null: it goes on
 */
export function runDashboardUrl(base: string, run: string, from: Date | null, to: Date | null): string {
  const first = from === null ? 'now-6h' : String(from.getTime() - marginMs);
  const last = to === null ? 'now' : String(to.getTime() + marginMs);
  const path = `d/${dashboardUids.run}/run`;
  return `${base.replace(/\/+$/, '')}/${path}?var-run=${encodeURIComponent(run)}&from=${first}&to=${last}`;
}

import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { controlPlane } from './boards/control-plane.js';
import { fleet } from './boards/fleet.js';
import { history } from './boards/history.js';
import { recovery } from './boards/recovery.js';
import { runBoard } from './boards/run.js';
import { tasks } from './boards/tasks.js';
import { workers } from './boards/workers.js';

/** Every dashboard, in the order of their list. */
export function allBoards(): Dashboard[] {
  return [fleet(), runBoard(), tasks(), workers(), recovery(), controlPlane(), history()];
}

/** The dashboards as files: name → text. */
export function dashboardFiles(): ReadonlyMap<string, string> {
  return new Map(
    allBoards().map((dashboard) => [
      `${dashboard.uid?.replace('tributary-', '')}.json`,
      `${JSON.stringify(dashboard, null, 2)}\n`,
    ]),
  );
}

import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  type Panel,
  RowBuilder,
  type VariableModel,
} from '@grafana/grafana-foundation-sdk/dashboard';

/** All dashboards of Tributary bear it; the list of links at the top of each is made of it. */
const tag = 'tributary';

export interface Section {
  /** Heads the row; left out for the first row of a dashboard. */
  readonly title?: string;
  readonly panels: readonly Builder<Panel>[];
}

export interface BoardOptions {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly variables: readonly Builder<VariableModel>[];
  readonly sections: readonly Section[];
  /** Shown at first; default the last three hours. */
  readonly from?: string;
  /** Default every 10 seconds; empty: never by itself. */
  readonly refresh?: string;
}

/** A dashboard whose panels stand as they are listed, numbered in that order. */
export function board(options: BoardOptions): Dashboard {
  const builder = new DashboardBuilder(`Tributary: ${options.title}`)
    .uid(options.uid)
    .description(options.description)
    .tags([tag])
    .timezone('browser')
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: options.from ?? 'now-3h', to: 'now' })
    .refresh(options.refresh ?? '10s')
    .readonly()
    .variables([...options.variables])
    .link(
      new DashboardLinkBuilder('Tributary')
        .type(DashboardLinkType.Dashboards)
        .tags([tag])
        .keepTime(true)
        .includeVars(true)
        .tooltip('The other dashboards, for the same time and run'),
    );
  for (const { title, panels } of options.sections) {
    if (title !== undefined) builder.withRow(new RowBuilder(title));
    for (const panel of panels) builder.withPanel(panel);
  }
  const dashboard = builder.build();
  // Grafana numbers panels without an id anew on each import; links to a panel would break.
  dashboard.panels?.forEach((panel, index) => {
    panel.id = index + 1;
  });
  // The SDK hides links in a menu; at the top they are seen.
  for (const link of dashboard.links ?? []) delete link.placement;
  return dashboard;
}

import { type RunDocument, runDashboardUrl, type StackLinks } from '@tributary/protocol';
import { printable } from './quantities.js';

/** Web pages of the stack, the console among them. */
export type PageLinks = StackLinks & { readonly console?: string };

/** Web pages that show a run. */
export function pages(run: RunDocument, links: PageLinks | null): string {
  const lines: string[] = [];
  if (links?.console) lines.push(`Console     ${links.console}/runs/${run.run}`);
  if (links?.grafana) lines.push(`Grafana     ${printable(grafanaPage(run, links.grafana))}`);
  if (links?.temporal)
    lines.push(`Temporal    ${links.temporal.replace(/\/+$/, '')}/namespaces/default/workflows/${run.run}`);
  if (links?.prometheus) lines.push(`Prometheus  ${links.prometheus}`);
  return lines.join('\n');
}

/** The dashboard of a run, over its own time. */
export function grafanaPage(
  { run, createdAt, endedAt }: Pick<RunDocument, 'run' | 'createdAt' | 'endedAt'>,
  grafana: string,
): string {
  return runDashboardUrl(grafana, run, new Date(createdAt), endedAt === null ? null : new Date(endedAt));
}

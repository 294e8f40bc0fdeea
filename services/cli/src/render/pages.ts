import type { HealthDocument, RunDocument } from '@tributary/protocol';

/** Web pages that show a run. */
export function pages(run: RunDocument, links: HealthDocument['links'] | null): string {
  const lines: string[] = [];
  if (links?.temporal)
    lines.push(`Temporal    ${links.temporal.replace(/\/+$/, '')}/namespaces/default/workflows/${run.run}`);
  if (links?.prometheus) lines.push(`Prometheus  ${links.prometheus}`);
  return lines.join('\n');
}

import type { HealthDocument, RunDocument } from '@tributary/protocol';

/** Web pages of the stack, the console among them. */
export type PageLinks = HealthDocument['links'] & { readonly console?: string };

/** Web pages that show a run. */
export function pages(run: RunDocument, links: PageLinks | null): string {
  const lines: string[] = [];
  if (links?.console) lines.push(`Console     ${links.console}/runs/${run.run}`);
  if (links?.temporal)
    lines.push(`Temporal    ${links.temporal.replace(/\/+$/, '')}/namespaces/default/workflows/${run.run}`);
  if (links?.prometheus) lines.push(`Prometheus  ${links.prometheus}`);
  return lines.join('\n');
}

import { TributaryError } from '@tributary/protocol';
import type { ApiClient } from './api-client.js';
import type { PageLinks } from './render/pages.js';

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * The web pages beside an API; Grafana's is what this environment says (`TRIBUTARY_GRAFANA_URL`), else what the API was told.
 * Null where it does not answer: a report is not to fail for its links.
 */
export async function pageLinks(client: ApiClient, env: Variables = process.env): Promise<PageLinks | null> {
  try {
    const { links } = await client.health();
    return { ...links, grafana: env.TRIBUTARY_GRAFANA_URL || links.grafana, console: client.console };
  } catch (error) {
    if (error instanceof TributaryError) return null;
    throw error;
  }
}

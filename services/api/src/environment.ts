import type { StackLinks } from '@tributary/protocol';
import { type BaseEnvironment, baseEnvironment, type Variables, variablesOf } from '@tributary/service-runtime';

/** What the API's process is told by its environment. */
export interface ApiEnvironment extends BaseEnvironment {
  readonly port: number;
  readonly token: string;
  readonly postgresUrl: string;
  /** Of one statement of a question about runs. */
  readonly queryTimeoutMs: number;
  readonly temporal: { readonly address: string; readonly namespace: string };
  readonly links: StackLinks;
}

/** @throws TributaryError `PREREQUISITE_MISSING` naming the variable */
export function readEnvironment(env: NodeJS.ProcessEnv): ApiEnvironment {
  const variables = variablesOf(env, '"npx tributary up" starts the API with it');
  return {
    ...baseEnvironment(variables, 'control'),
    port: variables.wholeNumber('TRIBUTARY_API_PORT', { min: 0, max: 65_535 }),
    token: variables.secret('TRIBUTARY_API_TOKEN_FILE'),
    postgresUrl: variables.required('TRIBUTARY_POSTGRES_URL'),
    queryTimeoutMs:
      1_000 * variables.wholeNumber('TRIBUTARY_QUERY_TIMEOUT_SECONDS', { min: 1, max: 86_400, fallback: 30 }),
    temporal: {
      address: variables.required('TRIBUTARY_TEMPORAL_ADDRESS'),
      namespace: variables.optional('TRIBUTARY_TEMPORAL_NAMESPACE') ?? 'default',
    },
    links: {
      temporal: variables.optional('TRIBUTARY_TEMPORAL_UI_URL'),
      prometheus: variables.optional('TRIBUTARY_PROMETHEUS_URL'),
      grafana: webAddress(variables, 'TRIBUTARY_GRAFANA_URL'),
    },
  };
}

/** It becomes a link of the console: a page of the web, and nothing else. */
function webAddress(variables: Variables, name: string): string | null {
  const text = variables.optional(name);
  if (text !== null && !/^https?:\/\/[^/]/i.test(text))
    throw variables.wrong(name, `is "${text}"; it must begin with http:// or https://`);
  return text;
}

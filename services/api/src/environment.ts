import { readFile } from 'node:fs/promises';
import { isToken, TributaryError } from '@tributary/protocol';
import { type LogLevel, logLevels } from '@tributary/telemetry';

/** What the API's process is told, parsed once. */
export interface ApiEnvironment {
  readonly namespace: string;
  readonly port: number;
  readonly token: string;
  readonly postgresUrl: string;
  readonly nats: { readonly url: string; readonly user: string; readonly password: string };
  readonly temporal: { readonly address: string; readonly namespace: string };
  readonly links: { readonly temporal: string | null; readonly prometheus: string | null };
  readonly targetsDir: string | null;
  readonly logLevel: LogLevel | undefined;
}

type Variables = Readonly<Record<string, string | undefined>>;

/** @throws TributaryError `PREREQUISITE_MISSING` naming the variable */
export async function apiEnvironment(env: Variables): Promise<ApiEnvironment> {
  const namespace = env.TRIBUTARY_NAMESPACE || 'main';
  if (!isToken(namespace)) throw wrong('TRIBUTARY_NAMESPACE', 'must be letters, digits, "-" and "_"');
  const port = Number(required(env, 'TRIBUTARY_API_PORT'));
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw wrong('TRIBUTARY_API_PORT', 'must be a port, 0 to 65535');
  return {
    namespace,
    port,
    token: await secret(env, 'TRIBUTARY_API_TOKEN_FILE'),
    postgresUrl: required(env, 'TRIBUTARY_POSTGRES_URL'),
    nats: {
      url: required(env, 'TRIBUTARY_NATS_URL'),
      user: required(env, 'TRIBUTARY_NATS_USER'),
      password: await secret(env, 'TRIBUTARY_NATS_PASSWORD_FILE'),
    },
    temporal: {
      address: required(env, 'TRIBUTARY_TEMPORAL_ADDRESS'),
      namespace: env.TRIBUTARY_TEMPORAL_NAMESPACE || 'default',
    },
    links: {
      temporal: env.TRIBUTARY_TEMPORAL_UI_URL || null,
      prometheus: env.TRIBUTARY_PROMETHEUS_URL || null,
    },
    targetsDir: env.TRIBUTARY_TARGETS_DIR || null,
    logLevel: logLevels.find((level) => level === env.TRIBUTARY_LOG_LEVEL),
  };
}

function required(env: Variables, name: string): string {
  const value = env[name];
  if (value === undefined || value === '') throw wrong(name, 'must be set');
  return value;
}

async function secret(env: Variables, name: string): Promise<string> {
  const file = required(env, name);
  let text: string;
  try {
    text = (await readFile(file, 'utf8')).trim();
  } catch (cause) {
    throw new TributaryError('PREREQUISITE_MISSING', `${name}: ${file} cannot be read; check its path and mode.`, {
      cause,
    });
  }
  if (text === '') throw wrong(name, `names ${file}, which is empty`);
  return text;
}

function wrong(name: string, what: string): TributaryError {
  return new TributaryError('PREREQUISITE_MISSING', `${name} ${what}; \`tributary up\` sets it.`);
}

import { TributaryError } from '@tributary/protocol';
import { variablesOf } from '@tributary/service-runtime';
import { type LogLevel, logLevels } from '@tributary/telemetry';

const backends = ['auto', 'tensorflow', 'webgpu', 'wasm', 'cpu'] as const;
const loopback = ['127.0.0.1', '::1', 'localhost'] as const;

/** The API that the model is read from. */
export interface ModelSource {
  readonly url: string;
  readonly token: string;
  readonly run: string;
}

/** What a serving process is told by its environment. */
export interface ServeEnvironment {
  readonly source: ModelSource;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** null: everybody on this machine may ask. */
  readonly token: string | null;
  /** Requests that may wait. */
  readonly mostWaiting: number;
  readonly compute: { readonly backend: (typeof backends)[number]; readonly device: string; readonly threads: number };
  readonly logLevel: LogLevel;
}

/** @throws TributaryError `PREREQUISITE_MISSING` naming the variable, `SPEC_INVALID` for an open address without a token */
export function readEnvironment(env: NodeJS.ProcessEnv): ServeEnvironment {
  const variables = variablesOf(env, '"npx tributary serve" starts it properly');
  const host = variables.optional('TRIBUTARY_SERVE_HOST') ?? '127.0.0.1';
  const token =
    variables.optional('TRIBUTARY_SERVE_TOKEN_FILE') === null ? null : variables.secret('TRIBUTARY_SERVE_TOKEN_FILE');
  if (token === null && !(loopback as readonly string[]).includes(host))
    throw new TributaryError(
      'SPEC_INVALID',
      `${host} can be reached from other machines, so whoever asks there needs a token; name a file that holds one (--token-file), or serve on 127.0.0.1.`,
    );
  const device = variables.optional('TRIBUTARY_DEVICE') ?? 'cpu';
  if (!/^(cpu|gpu:\d+)$/.test(device))
    throw variables.wrong('TRIBUTARY_DEVICE', `is "${device}"; it must be cpu or gpu:N`);
  return {
    source: {
      url: variables.required('TRIBUTARY_API_URL').replace(/\/+$/, ''),
      token: variables.secret('TRIBUTARY_API_TOKEN_FILE'),
      run: variables.required('TRIBUTARY_SERVE_RUN'),
    },
    host,
    port: variables.wholeNumber('TRIBUTARY_SERVE_PORT', { min: 0, max: 65_535 }),
    token,
    mostWaiting: variables.wholeNumber('TRIBUTARY_SERVE_WAITING', { min: 1, max: 100_000, fallback: 128 }),
    compute: {
      backend: variables.oneOf('TRIBUTARY_BACKEND', backends, 'auto'),
      device,
      threads: variables.wholeNumber('TRIBUTARY_THREADS', { min: 1, max: 1024, fallback: 1 }),
    },
    logLevel: variables.oneOf('TRIBUTARY_LOG_LEVEL', logLevels, 'warn'),
  };
}

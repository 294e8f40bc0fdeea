import { readFile } from 'node:fs/promises';
import { isToken, TributaryError } from '@tributary/protocol';
import { type LogLevel, logLevels } from '@tributary/telemetry';

/** What the orchestrator is told by its environment. */
export interface OrchestratorEnvironment {
  readonly namespace: string;
  readonly postgresUrl: string;
  readonly natsUrl: string;
  readonly natsUser: string;
  readonly natsPassword: string;
  readonly temporalAddress: string;
  readonly targetsDir: string | null;
  readonly logLevel: LogLevel;
}

/** @throws TributaryError `PREREQUISITE_MISSING` naming the variable */
export async function readEnvironment(env: NodeJS.ProcessEnv): Promise<OrchestratorEnvironment> {
  const required = (name: string): string => {
    const value = env[name];
    if (!value)
      throw new TributaryError('PREREQUISITE_MISSING', `${name} is not set; \`tributary up\` starts the orchestrator.`);
    return value;
  };
  const namespace = env.TRIBUTARY_NAMESPACE || 'main';
  if (!isToken(namespace))
    throw new TributaryError(
      'PREREQUISITE_MISSING',
      `TRIBUTARY_NAMESPACE is "${namespace}"; use letters, digits, "-" and "_".`,
    );
  const passwordFile = required('TRIBUTARY_NATS_PASSWORD_FILE');
  return {
    namespace,
    postgresUrl: required('TRIBUTARY_POSTGRES_URL'),
    natsUrl: required('TRIBUTARY_NATS_URL'),
    natsUser: env.TRIBUTARY_NATS_USER || 'control',
    natsPassword: (await readFile(passwordFile, 'utf8')).trim(),
    temporalAddress: required('TRIBUTARY_TEMPORAL_ADDRESS'),
    targetsDir: env.TRIBUTARY_TARGETS_DIR || null,
    logLevel: logLevels.find((level) => level === env.TRIBUTARY_LOG_LEVEL) ?? 'info',
  };
}

import { type BaseEnvironment, baseEnvironment, variablesOf } from '@tributary/service-runtime';

/** What the orchestrator is told by its environment. */
export interface OrchestratorEnvironment extends BaseEnvironment {
  readonly postgresUrl: string;
  readonly temporalAddress: string;
}

/** @throws TributaryError `PREREQUISITE_MISSING` naming the variable */
export function readEnvironment(env: NodeJS.ProcessEnv): OrchestratorEnvironment {
  const variables = variablesOf(env, '"npx tributary up" starts the orchestrator with it');
  return {
    ...baseEnvironment(variables, 'control'),
    postgresUrl: variables.required('TRIBUTARY_POSTGRES_URL'),
    temporalAddress: variables.required('TRIBUTARY_TEMPORAL_ADDRESS'),
  };
}

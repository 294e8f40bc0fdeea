import { TributaryError } from '@tributary/protocol';

export function runNotFound(run: string): TributaryError {
  return new TributaryError(
    'RUN_NOT_FOUND',
    `There is no run "${run}"; \`tributary runs list\` shows those there are.`,
  );
}

import { z } from 'zod';
import { optionalText } from './mlflow-documents.js';
import { MlflowError } from './mlflow-errors.js';

/** MLflow's clients send both; older ones the second alone. */
export const runIdFields = { run_id: optionalText, run_uuid: optionalText.describe('The former name of run_id.') };
const runIds = z.object(runIdFields);

export function namedRun({ run_id, run_uuid }: z.output<typeof runIds>): string {
  const run = run_id ?? run_uuid;
  if (run === undefined)
    throw new MlflowError(400, 'INVALID_PARAMETER_VALUE', 'The run is not named; give its id as run_id.');
  return run;
}

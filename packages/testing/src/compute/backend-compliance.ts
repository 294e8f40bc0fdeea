import type { ComputeBackend } from '@tributary/engine';
import type { ComplianceCase } from '../collectives/compliance-case.js';
import type { BackendCheck, BackendComplianceDeps } from './backend-check.js';
import { contractChecks } from './contract-checks.js';
import { operationChecks } from './operation-checks.js';
import { trainingChecks } from './training-checks.js';

/**
 * What every `ComputeBackend` promises: each operation and its gradient as TensorFlow computes it, a training step, the same
 * bits every time, arguments checked, memory that does not grow, and other backends beside it.
 *
 * `for (const each of backendCompliance(deps)) it(each.name, each.run)`
 */
export function backendCompliance(deps: BackendComplianceDeps): readonly ComplianceCase[] {
  let shared: Promise<ComputeBackend> | undefined;
  const open = (): Promise<ComputeBackend> => {
    shared ??= deps.open();
    return shared;
  };
  const checks = { ...operationChecks(), ...trainingChecks, ...contractChecks };
  return Object.entries<BackendCheck>(checks).map(([name, check]) => ({
    name,
    run: async () => check(await open(), deps),
  }));
}

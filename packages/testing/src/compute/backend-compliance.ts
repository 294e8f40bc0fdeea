import type { ComputeBackend } from '@tributary/engine';
import type { ComplianceCase } from '../collectives/compliance-case.js';
import { contractChecks } from './contract-checks.js';
import { operationChecks } from './operation-checks.js';
import { trainingChecks } from './training-checks.js';

export interface BackendComplianceDeps {
  /** Opens the backend under test; called more than once in one process. */
  open(): Promise<ComputeBackend>;
  /** Eager TensorFlow, on one thread. */
  readonly reference: ComputeBackend;
  /**
   * Largest error of an operation (by the name of its case) where it may exceed 3e-6, relative to the larger of 1 and the
   * value, and why it may.
   */
  readonly tolerances?: Readonly<Record<string, { readonly error: number; readonly why: string }>>;
}

/** One check of a backend; it disposes of what it traces. */
export type BackendCheck = (backend: ComputeBackend, deps: BackendComplianceDeps) => Promise<void>;

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

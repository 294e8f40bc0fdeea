import type { ComputeBackend } from '@tributary/engine';

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

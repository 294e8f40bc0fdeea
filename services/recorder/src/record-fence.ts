import { type FencedGeneration, fenceStep } from '@tributary/planner';
import type { RunRecord } from '@tributary/protocol';

/** What is left of a record, and how many rows of it were dropped. */
export interface Fenced {
  /** Null: nothing is left. */
  readonly record: RunRecord | null;
  readonly dropped: number;
}

/**
 * Drops what a generation did beyond the step where a later one began. What tells of the generation itself is kept: its lineage,
 * its end.
 * @param later generations of the record's run; those up to its own are passed over
 */
export function fenceRecord(record: RunRecord, later: readonly FencedGeneration[]): Fenced {
  const last = fenceStep(record.generation, later);
  const counts = ({ step }: { readonly step: number }): boolean => step <= last;
  const whole = (step: number, rows: number): Fenced =>
    step <= last ? { record, dropped: 0 } : { record: null, dropped: rows };
  const rest = (left: RunRecord, rowsBefore: number, rowsAfter: number): Fenced => ({
    record: rowsAfter === 0 && rowsBefore > 0 ? null : left,
    dropped: rowsBefore - rowsAfter,
  });
  switch (record.kind) {
    case 'points': {
      const points = record.points.filter(counts);
      const timings = record.timings.filter(counts);
      const before = record.points.length + record.timings.length;
      return rest({ ...record, points, timings }, before, points.length + timings.length);
    }
    case 'matrices': {
      const matrices = record.matrices.filter(counts);
      return rest({ ...record, matrices }, record.matrices.length, matrices.length);
    }
    case 'ledger': {
      const steps = record.steps.filter(counts);
      return rest({ ...record, steps }, record.steps.length, steps.length);
    }
    case 'snapshot':
      return whole(record.step, record.parts.length);
    case 'samples':
      return whole(record.step, record.samples.length);
    case 'checkpoint-part':
      return whole(record.part.step, 1);
    case 'lineage':
    case 'member-end':
      return { record, dropped: 0 };
  }
}

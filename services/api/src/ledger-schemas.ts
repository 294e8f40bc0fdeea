import type { LedgerDocument } from '@tributary/protocol';
import { z } from 'zod';
import { count, list } from './document-schemas.js';

export const ledgerSchema = z.object({
  run: z.string(),
  entries: list(
    z.object({
      step: count,
      lane: count,
      generation: count.describe('The one that recorded it first.'),
      epoch: count.describe("Where the lane's cursor stood before."),
      position: count,
      microbatches: count,
    }),
  ),
  snapshots: list(z.object({ step: count, part: z.string(), generation: count, stateHash: z.string() })),
  next: count.nullable().describe('Give it as `from` for the next page; null on the last.'),
}) satisfies z.ZodType<LedgerDocument>;

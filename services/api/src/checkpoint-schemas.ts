import type { CheckpointListDocument, CheckpointVerificationDocument, PruneReplyDocument } from '@tributary/protocol';
import { z } from 'zod';
import { checkpointSchema, count, list } from './document-schemas.js';

export const checkpointListSchema = z.object({
  run: z.string(),
  checkpoints: list(
    checkpointSchema.extend({
      files: count,
      neededBy: z.string().nullable().describe('Why it may not be pruned now; null: it may.'),
    }),
  ),
}) satisfies z.ZodType<CheckpointListDocument>;

export const verificationSchema = z.object({
  run: z.string(),
  step: count,
  stateHash: z.string(),
  intact: z.boolean(),
  files: list(
    z.object({
      name: z.string().describe('`manifest`, or the part.'),
      key: z.string(),
      sizeBytes: count,
      problem: z.string().nullable().describe('Null: nothing is wrong.'),
    }),
  ),
}) satisfies z.ZodType<CheckpointVerificationDocument>;

export const pruneReplySchema = z.object({
  run: z.string(),
  dryRun: z.boolean(),
  deleted: list(z.object({ step: count, sizeBytes: count })),
  kept: list(z.object({ step: count, reason: z.string() })),
}) satisfies z.ZodType<PruneReplyDocument>;

import type { ForkReplyDocument, ForkRequestDocument, ScaleReplyDocument } from '@tributary/protocol';
import { z } from 'zod';
import { attemptReplySchema, count, list } from './document-schemas.js';

export const scaleReplySchema = attemptReplySchema.extend({
  workers: count.describe('Asked for.'),
  now: count.describe('Workers that train it now; 0 while it waits.'),
  free: count.describe('Live workers that no run has leased.'),
}) satisfies z.ZodType<ScaleReplyDocument>;

export const forkSchema = z.strictObject({
  step: z.int().min(0).max(0x7fffffff).optional().describe('Of which checkpoint; left out: the newest.'),
  spec: z.unknown().optional().describe("A whole run file in place of the parent's."),
  files: z
    .record(z.string(), z.string())
    .optional()
    .describe("Path in the run file of `spec` → key of the bytes that it names; they must be the parent's."),
  set: z
    .record(z.string().min(1).max(300), z.unknown())
    .optional()
    .describe('Field, e.g. `optimizer.learningRate` or `tasks.spell.weight` → its new value.'),
}) satisfies z.ZodType<ForkRequestDocument>;

export const forkReplySchema = attemptReplySchema.extend({
  parent: z.object({ run: z.string(), step: count }),
  changes: list(z.object({ field: z.string(), from: z.unknown(), to: z.unknown() })),
  remarks: list(z.string()),
}) satisfies z.ZodType<ForkReplyDocument>;

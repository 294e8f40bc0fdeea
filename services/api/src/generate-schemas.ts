import { generatedSourceSchema, generateRequestFields, refineAttention } from '@tributary/config';
import type { GenerateReplyDocument, ModelDocument } from '@tributary/protocol';
import { z } from 'zod';
import { count, list } from './document-schemas.js';

export const generateSchema = z
  .strictObject({ run: z.string().max(64), ...generateRequestFields })
  .superRefine(refineAttention);

export const generateReplySchema = z.object({
  run: z.string(),
  task: z.string(),
  step: count.describe('Of the checkpoint that generated.'),
  worker: z.string(),
  outputs: list(generatedSourceSchema),
}) satisfies z.ZodType<GenerateReplyDocument>;

export const modelSchema = z.object({
  run: z.string(),
  step: count.describe('Of its newest checkpoint.'),
  preparedKey: z.string(),
  checkpointKey: z.string(),
}) satisfies z.ZodType<ModelDocument>;

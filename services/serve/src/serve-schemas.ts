import { generatedSourceSchema, generateRequestFields, refineAttention } from '@tributary/config';
import { errorCodes } from '@tributary/protocol';
import { z } from 'zod';

const list = <T extends z.ZodType>(item: T): z.ZodType<readonly z.output<T>[]> => z.array(item);

export const requestSchema = z.strictObject(generateRequestFields).superRefine(refineAttention);

export const replySchema = z.object({
  run: z.string(),
  task: z.string(),
  step: z.number().describe('Of the checkpoint that generated.'),
  outputs: list(generatedSourceSchema),
});

export const healthSchema = z.object({
  status: z.literal('ok'),
  run: z.string(),
  step: z.number(),
  tasks: list(z.string()),
  backend: z.string(),
  waiting: z.number().describe('Requests that wait now.'),
});

export const errorSchema = z.object({ code: z.enum(errorCodes), message: z.string() });

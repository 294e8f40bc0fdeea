import type { AttentionDocument, GeneratedOutput, GeneratedSource } from '@tributary/protocol';
import { z } from 'zod';

/** A list that is only read. */
const list = <T extends z.ZodType>(item: T): z.ZodType<readonly z.output<T>[]> => z.array(item);

const outputSchema = z.object({
  text: z.string(),
  logProbability: z.number().describe('log p(output | source) of the model itself, nats.'),
  score: z.number().describe('By what outputs of a beam are ranked; else `logProbability`.'),
  symbols: z.number().describe('The end symbol included.'),
  ended: z.boolean().describe('False: it was cut at `maxLength`.'),
}) satisfies z.ZodType<GeneratedOutput>;

const attentionSchema = z.object({
  source: list(z.string()),
  output: list(z.string()),
  weights: list(list(z.number())).describe('A row for each symbol of the output, over those of the source.'),
}) satisfies z.ZodType<AttentionDocument>;

/** What came of a source, in replies of the API and of `serve`. */
export const generatedSourceSchema = z.object({
  source: z.string(),
  generated: z.string().describe('Text of the first output.'),
  outputs: list(outputSchema).describe('Best first; draws in the order of drawing.'),
  attention: attentionSchema.optional(),
}) satisfies z.ZodType<GeneratedSource>;

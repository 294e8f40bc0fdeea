import { type RunListDocument, runStates } from '@tributary/protocol';
import { z } from 'zod';
import { list, runSummary } from './document-schemas.js';

const stateList = z
  .string()
  .transform((text) => text.split(','))
  .pipe(z.array(z.enum(runStates)));

// Lengths of filter, order and columns are checked where they are read, which says where they are too long.
export const runListQuerySchema = z.strictObject({
  filter: z
    .string()
    .optional()
    .describe("Conditions in MLflow\u2019s syntax and more: metrics.loss < 0.3 and params.optimizer.kind = 'adam'."),
  order: z
    .string()
    .optional()
    .describe(
      'Keys, separated by commas: metrics.loss DESC, created. Default: newest first. Runs without the value come last.',
    ),
  columns: z
    .string()
    .optional()
    .describe(
      'Fields, separated by commas, for `values`: metrics.loss,params.seed. Default: those of the filter and the order.',
    ),
  state: stateList.optional().describe('States, separated by commas; beside the filter.'),
  experiment: z.string().max(64).optional().describe('Beside the filter.'),
  limit: z.coerce.number().int().min(1).max(1000).default(50),
  page: z.string().optional().describe('`next` of the page before, with the same filter and order.'),
  before: z.string().optional().describe('A run: the page begins after it. Or, as `page`, what `next` was.'),
});
export type RunListQuery = z.output<typeof runListQuerySchema>;

export const runListSchema = z.object({
  runs: list(
    z.object({
      ...runSummary,
      values: z
        .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))
        .describe('By name of column.'),
    }),
  ),
  columns: list(z.object({ name: z.string(), type: z.enum(['text', 'number', 'time', 'boolean']) })),
  next: z.string().nullable(),
}) satisfies z.ZodType<RunListDocument>;

import {
  type BestRunsDocument,
  type ComparedMetricDocument,
  type ComparisonDocument,
  type DifferenceDocument,
  type RelativeDocument,
  type RunDiffDocument,
  type RunLineageDocument,
  runStates,
} from '@tributary/protocol';
import { z } from 'zod';
import { count, lineageSchema, list, runSummarySchema } from './document-schemas.js';

const direction = z.enum(['min', 'max']);
const recorded = z.number().nullable();

const metricSchema = z.object({
  metric: z.string(),
  kind: z.enum(['point', 'timing']),
  direction: direction.nullable().describe('Null: neither more nor less of it is better.'),
  values: list(
    z
      .object({ count, last: recorded, lastStep: count.nullable(), min: recorded, max: recorded })
      .nullable()
      .describe('By run, in the order asked for; null: not recorded.'),
  ),
  best: list(count).describe('Places of the best runs, from 0; none where all are equal.'),
}) satisfies z.ZodType<ComparedMetricDocument>;

export const comparisonSchema = z.object({
  runs: list(
    runSummarySchema.extend({
      seconds: z.number().nullable().describe('Of all attempts.'),
      goodput: z.number().nullable().describe('Share of them in which steps were done for the first time.'),
    }),
  ),
  equalStateHash: z.boolean().nullable(),
  by: z.enum(['last', 'best']),
  params: list(z.object({ key: z.string(), values: list(z.string().nullable()) })),
  metrics: list(metricSchema),
  equal: z.object({ params: count, metrics: count }).describe('Left out because all runs agree on them.'),
}) satisfies z.ZodType<ComparisonDocument>;

const differences = list(
  z.object({ field: z.string(), from: z.unknown(), to: z.unknown() }) satisfies z.ZodType<DifferenceDocument>,
);

export const diffSchema = z.object({
  from: runSummarySchema,
  to: runSummarySchema,
  equalStateHash: z.boolean().nullable(),
  config: differences,
  code: differences,
  packages: differences,
  data: differences,
  machine: differences,
  untold: list(z.string()),
}) satisfies z.ZodType<RunDiffDocument>;

export const bestRunsSchema = z.object({
  metric: z.string(),
  direction,
  runs: list(runSummarySchema.extend({ value: z.number().nullable(), last: recorded, lastStep: count.nullable() })),
}) satisfies z.ZodType<BestRunsDocument>;

const relativeSchema = z.object({
  run: z.string(),
  relation: z.enum(['fork', 'init']),
  of: z.string(),
  step: count.nullable(),
  distance: count,
  state: z.enum(runStates).nullable(),
}) satisfies z.ZodType<RelativeDocument>;

export const runLineageSchema = z.object({
  run: z.string(),
  ancestors: list(relativeSchema),
  descendants: list(relativeSchema),
  more: z.boolean(),
  files: z.record(z.string(), z.string()),
  facts: list(lineageSchema),
}) satisfies z.ZodType<RunLineageDocument>;

import { z } from 'zod';

// What MLflow's tracking API says, of the fields that its readers use; names and numbers as MLflow has them.

/** Milliseconds since 1970. */
const milliseconds = z.number().int();
/** JSON has neither NaN nor infinities; protobuf writes them as text. */
const double = z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity'])]);

export const metricSchema = z.object({
  key: z.string(),
  value: double,
  timestamp: milliseconds.describe("The run's start: points have no time of their own."),
  step: z.number().int(),
});
export type MlflowMetric = z.infer<typeof metricSchema>;

const pairSchema = z.object({ key: z.string(), value: z.string() });
export type MlflowPair = z.infer<typeof pairSchema>;

export const runSchema = z.object({
  info: z.object({
    run_id: z.string(),
    run_uuid: z.string(),
    run_name: z.string(),
    experiment_id: z.string(),
    user_id: z.string(),
    status: z.enum(['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED']),
    start_time: milliseconds,
    end_time: milliseconds.optional(),
    artifact_uri: z.string(),
    lifecycle_stage: z.enum(['active', 'deleted']).describe('An archived run is deleted, as MLflow calls it.'),
  }),
  data: z.object({
    metrics: z.array(metricSchema).describe('The last value of each.'),
    params: z.array(pairSchema),
    tags: z.array(pairSchema),
  }),
  inputs: z.object({}),
  outputs: z.object({}),
});
export type MlflowRun = z.infer<typeof runSchema>;

export const experimentSchema = z.object({
  experiment_id: z.string().describe('Its name.'),
  name: z.string(),
  artifact_location: z.string(),
  lifecycle_stage: z.literal('active'),
  creation_time: milliseconds,
  last_update_time: milliseconds.describe('When its newest run was created.'),
  tags: z.array(pairSchema),
});
export type MlflowExperiment = z.infer<typeof experimentSchema>;

export const mlflowErrorSchema = z.object({ error_code: z.string(), message: z.string() });

/** MLflow's clients name it, or give its number. */
export const viewTypeSchema = z
  .union([z.enum(['ACTIVE_ONLY', 'DELETED_ONLY', 'ALL']), z.coerce.number().int().min(1).max(3)])
  .transform((view) => (typeof view === 'number' ? (['ACTIVE_ONLY', 'DELETED_ONLY', 'ALL'] as const)[view - 1] : view))
  .default('ACTIVE_ONLY');

/** Of a text that may be left out or empty, as protobuf leaves it. */
export const optionalText = z
  .string()
  .max(100_000)
  .transform((text) => (text === '' ? undefined : text))
  .optional();

/** A field that may stand several times in a query, or once. */
export const textList = z.preprocess(
  (each) => (each === undefined ? [] : Array.isArray(each) ? each : [each]),
  z.array(z.string()),
);

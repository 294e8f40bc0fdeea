import { parseFilter } from '@tributary/filter';
import type { RunTimeDocument } from '@tributary/protocol';
import {
  bestRuns,
  compareRuns,
  diffRuns,
  familyOf,
  lineageOf,
  mostComparedRuns,
  requireRun,
  runTimesOf,
} from '@tributary/run-store';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ApiDeps } from '../api-deps.js';
import { bestRunsSchema, comparisonSchema, diffSchema, runLineageSchema } from '../comparison-schemas.js';
import { errorSchema } from '../document-schemas.js';
import { finite, runSummary } from '../run-documents.js';

const runName = z.string().min(1).max(64);
const runNames = z
  .string()
  .max(65 * mostComparedRuns)
  .transform((text) => text.split(',').map((name) => name.trim()))
  .describe('Names of two runs and more, separated by commas.');

/** What runs have in common and what not, which is best, and what a run was made of. */
export function comparisonRoutes({ db }: Pick<ApiDeps, 'db'>): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: 'GET',
      url: '/compare',
      schema: {
        summary: 'Runs side by side: parameters and metrics in which they differ',
        querystring: z.strictObject({
          runs: runNames,
          by: z.enum(['last', 'best']).default('last').describe('Which value of a metric decides who is best.'),
          all: z.stringbool().default(false).describe('Also what is the same in all.'),
        }),
        response: { 200: comparisonSchema, default: errorSchema },
      },
      handler: async ({ query: { runs, by, all } }) => {
        const { runs: rows, metrics, ...compared } = await compareRuns(db, runs, { by, all });
        const times = await runTimesOf(
          db,
          rows.map(({ run }) => run),
        );
        return {
          ...compared,
          by,
          runs: rows.map((row) => ({
            ...runSummary(row),
            seconds: row.seconds,
            goodput: shareOfTime(times.get(row.run)),
          })),
          metrics: metrics.map((metric) => ({
            ...metric,
            values: metric.values.map(
              (value) =>
                value && { ...value, last: finite(value.last), min: finite(value.min), max: finite(value.max) },
            ),
          })),
        };
      },
    });
    app.route({
      method: 'GET',
      url: '/runs/:run/diff/:other',
      schema: {
        summary: 'What two runs were made of, as far as it differs: run file, code, packages, data, machine',
        params: z.object({ run: runName, other: runName }),
        response: { 200: diffSchema, default: errorSchema },
      },
      handler: async ({ params: { run, other } }) => {
        const { from, to, ...differences } = await diffRuns(db, run, other);
        return { from: runSummary(from), to: runSummary(to), ...differences };
      },
    });
    app.route({
      method: 'GET',
      url: '/best',
      schema: {
        summary: 'The runs in which a metric got best',
        querystring: z.strictObject({
          metric: z.string().min(1).max(300).describe('E.g. spell.validation.loss.'),
          filter: z.string().max(100_000).default('').describe('As that of GET /v1/runs.'),
          experiment: z.string().max(64).optional(),
          limit: z.coerce.number().int().min(1).max(100).default(1),
        }),
        response: { 200: bestRunsSchema, default: errorSchema },
      },
      handler: async ({ query: { metric, filter, experiment, limit } }) => {
        const best = await bestRuns(db, metric, {
          filter: parseFilter(filter),
          limit,
          ...(experiment === undefined ? {} : { experiment }),
        });
        return {
          metric,
          direction: best.direction,
          runs: best.runs.map((row) => ({
            ...runSummary(row),
            value: finite(row.value),
            last: finite(row.last),
            lastStep: row.lastStep,
          })),
        };
      },
    });
    app.route({
      method: 'GET',
      url: '/runs/:run/lineage',
      schema: {
        summary: 'What a run comes from, what came of it, and what it was made of',
        params: z.object({ run: runName }),
        response: { 200: runLineageSchema, default: errorSchema },
      },
      handler: async ({ params: { run } }) => {
        const { files } = await requireRun(db, run);
        const [family, facts] = await Promise.all([familyOf(db, run), lineageOf(db, run)]);
        return { run, ...family, files, facts };
      },
    });
  };
}

/** Null where nothing is known of the time, or none has passed. */
function shareOfTime(time: RunTimeDocument | undefined): number | null {
  return time === undefined || time.seconds === 0 ? null : time.goodputSeconds / time.seconds;
}

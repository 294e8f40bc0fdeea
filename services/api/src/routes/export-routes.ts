import type { Readable } from 'node:stream';
import { parseFilter } from '@tributary/filter';
import { exportFormats, exportTables, TributaryError } from '@tributary/protocol';
import { exportCsv, exportJsonLines, exportParquet, importRuns, matchingRuns, unknownRuns } from '@tributary/run-store';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ApiDeps } from '../api-deps.js';
import { errorSchema } from '../document-schemas.js';
import { importReplySchema } from '../history-schemas.js';
import { readBody } from '../read-body.js';
import type { Transfers } from '../transfers.js';

const contentTypes = {
  csv: 'text/csv; charset=utf-8',
  jsonl: 'application/x-ndjson',
  parquet: 'application/vnd.apache.parquet',
} as const;

/** Runs as files, streamed both ways. */
export function exportRoutes({ db, reads }: ApiDeps, transfers: Transfers): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: 'POST',
      url: '/export',
      schema: {
        summary: 'Stream runs: `jsonl` is everything but the files of checkpoints, `csv` and `parquet` one table',
        body: z.strictObject({
          runs: z
            .array(z.string().max(64))
            .max(10_000)
            .nullable()
            .describe('Null: all, also archived ones, or those of the filter.'),
          filter: z.string().optional().describe('As that of GET /v1/runs, in place of names; runs is null then.'),
          format: z.enum(exportFormats),
          table: z.enum(exportTables).optional().describe('Of csv and parquet; default: points.'),
        }),
        produces: Object.values(contentTypes),
      },
      handler: async ({ body: { runs: names, filter, format, table } }, reply) => {
        if (names !== null && filter !== undefined)
          throw new TributaryError(
            'SPEC_INVALID',
            'Runs are exported by their names or by a filter; give one of them.',
          );
        if (format === 'jsonl' && table !== undefined)
          throw new TributaryError(
            'SPEC_INVALID',
            'An export as JSON lines holds whole runs; leave table out, or choose csv or parquet.',
          );
        const runs = filter === undefined ? names : await matchingRuns(reads, parseFilter(filter));
        if (names !== null) {
          const [unknown] = await unknownRuns(db, names);
          if (unknown !== undefined)
            throw new TributaryError(
              'RUN_NOT_FOUND',
              `There is no run "${unknown}"; \`tributary runs list\` shows those there are.`,
            );
        }
        const chosen = table ?? 'points';
        const streams: Readonly<Record<typeof format, () => Readable>> = {
          csv: () => exportCsv(db, chosen, runs),
          jsonl: () => exportJsonLines(db, runs),
          parquet: () => exportParquet(db, chosen, runs),
        };
        return reply.header('content-type', contentTypes[format]).send(transfers.out(streams[format]));
      },
    });
    app.addContentTypeParser('application/x-ndjson', (_request, payload, done) => done(null, payload));
    app.route({
      method: 'POST',
      url: '/import',
      // It is read as it comes, a line at a time.
      bodyLimit: Number.MAX_SAFE_INTEGER,
      schema: {
        summary: 'Read runs from an export as JSON lines, each whole or not at all; ids are kept',
        consumes: ['application/x-ndjson'],
        querystring: z.strictObject({
          taken: z.enum(['refuse', 'skip']).default('refuse').describe('What to do with a run whose id is taken.'),
        }),
        response: { 200: importReplySchema, default: errorSchema },
      },
      handler: (request) =>
        transfers.in(() => readBody(request, (bytes) => importRuns(db, bytes, { taken: request.query.taken }))),
    });
  };
}

import { listCheckpoints, requireRun } from '@tributary/run-store';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ApiDeps } from '../api-deps.js';
import { checkpointListSchema, pruneReplySchema, verificationSchema } from '../checkpoint-schemas.js';
import { checkpointsInUse } from '../checkpoints-in-use.js';
import { errorSchema } from '../document-schemas.js';
import { pruneCheckpoints } from '../prune-checkpoints.js';
import { verifyCheckpoint } from '../verify-checkpoint.js';

const runParams = z.object({ run: z.string().max(64) });

export function checkpointRoutes(deps: ApiDeps): FastifyPluginAsyncZod {
  const { db } = deps;
  return async (app) => {
    app.route({
      method: 'GET',
      url: '/runs/:run/checkpoints',
      schema: {
        summary: 'Committed checkpoints of a run, newest first',
        params: runParams,
        response: { 200: checkpointListSchema, default: errorSchema },
      },
      handler: async ({ params: { run } }) => {
        const row = await requireRun(db, run);
        const checkpoints = await listCheckpoints(db, run);
        const inUse = await checkpointsInUse(db, row, checkpoints);
        return {
          run,
          checkpoints: checkpoints.map(({ step, attempt, stateHash, sizeBytes, committedAt, manifest }) => ({
            ...{ step, attempt, stateHash, sizeBytes, committedAt: committedAt.toISOString() },
            files: manifest.parts.length + 1,
            neededBy: inUse.get(step) ?? null,
          })),
        };
      },
    });
    app.route({
      method: 'POST',
      url: '/runs/:run/checkpoints/:step/verify',
      schema: {
        summary: 'Read every file of a checkpoint and compare size, SHA-256 and state hash',
        params: runParams.extend({ step: z.coerce.number().int().min(0).max(0x7fffffff) }),
        response: { 200: verificationSchema, default: errorSchema },
      },
      handler: async ({ params: { run, step } }) => await verifyCheckpoint(run, step, deps),
    });
    app.route({
      method: 'POST',
      url: '/runs/:run/checkpoints/prune',
      schema: {
        summary: 'Delete checkpoints, never the newest and none that a run needs now',
        params: runParams,
        body: z
          .strictObject({
            keep: z
              .int()
              .min(1)
              .max(1000)
              .nullable()
              .default(null)
              .describe("Newest to keep, and no others; null: what the run file's checkpoints block keeps."),
            dryRun: z.boolean().default(false).describe('Only say what would be deleted.'),
          })
          .nullish(),
        response: { 200: pruneReplySchema, default: errorSchema },
      },
      handler: async ({ params: { run }, body }) =>
        await pruneCheckpoints(run, { keep: body?.keep ?? null, dryRun: body?.dryRun ?? false }, deps),
    });
  };
}

import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ApiDeps, ApiOptions } from '../api-deps.js';
import { attemptReplySchema, errorSchema, launchSchema, runSchema } from '../document-schemas.js';
import { forkRun } from '../fork/fork-run.js';
import { launchRun, resumeRun } from '../launch-run.js';
import { runDocument } from '../run-documents.js';
import { cancelRun, pauseRun, scaleRun } from '../steer-run.js';
import { forkReplySchema, forkSchema, scaleReplySchema } from '../steering-schemas.js';

const runParams = z.object({ run: z.string().max(64) });

export function runRoutes({ namespace }: ApiOptions, deps: ApiDeps): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: 'POST',
      url: '/runs',
      schema: {
        summary: 'Launch a run',
        body: launchSchema,
        response: { 201: attemptReplySchema, default: errorSchema },
      },
      handler: async (request, reply) => reply.status(201).send(await launchRun(request.body, namespace, deps)),
    });
    app.route({
      method: 'GET',
      url: '/runs/:run',
      schema: {
        summary: 'Everything that is known of a run',
        params: runParams,
        response: { 200: runSchema, default: errorSchema },
      },
      handler: async ({ params }) => await runDocument({ ...deps, db: deps.reads }, params.run),
    });
    app.route({
      method: 'POST',
      url: '/runs/:run/cancel',
      schema: {
        summary: 'Ask a run to end at its next step; its newest checkpoint stays',
        params: runParams,
        response: { 202: attemptReplySchema, default: errorSchema },
      },
      handler: async ({ params }, reply) => reply.status(202).send(await cancelRun(params.run, deps)),
    });
    app.route({
      method: 'POST',
      url: '/runs/:run/pause',
      schema: {
        summary: 'Ask a run to stop at its next step and give its workers back; a queued one pauses once it has begun',
        params: runParams,
        response: { 202: attemptReplySchema, default: errorSchema },
      },
      handler: async ({ params }, reply) => reply.status(202).send(await pauseRun(params.run, deps)),
    });
    app.route({
      method: 'POST',
      url: '/runs/:run/scale',
      schema: {
        summary: 'Ask a run to train on another number of workers, until its attempt ends',
        params: runParams,
        body: z.strictObject({ workers: z.int().positive().max(1024).describe('1 to the lanes of the run.') }),
        response: { 202: scaleReplySchema, default: errorSchema },
      },
      handler: async ({ params, body }, reply) =>
        reply.status(202).send(await scaleRun(params.run, body.workers, deps)),
    });
    app.route({
      method: 'POST',
      url: '/runs/:run/fork',
      schema: {
        summary: 'Launch a new run from a checkpoint of this one, with changes',
        params: runParams,
        body: forkSchema.nullish(),
        response: { 201: forkReplySchema, default: errorSchema },
      },
      handler: async ({ params, body }, reply) =>
        reply.status(201).send(await forkRun(params.run, body ?? {}, namespace, deps)),
    });
    app.route({
      method: 'POST',
      url: '/runs/:run/resume',
      schema: {
        summary: 'Start a new attempt of a run at rest, from its newest checkpoint',
        params: runParams,
        body: z.strictObject({ steps: z.int().positive().max(1_000_000_000).optional() }).nullish(),
        response: { 202: attemptReplySchema, default: errorSchema },
      },
      handler: async ({ params, body }, reply) =>
        reply.status(202).send(await resumeRun(params.run, body?.steps, namespace, deps)),
    });
  };
}

import { ledgerOf, requireRun, snapshotHashesOf } from '@tributary/run-store';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ApiDeps, ApiOptions } from '../api-deps.js';
import { errorSchema } from '../document-schemas.js';
import { EventStreams } from '../event-streams.js';
import { ledgerSchema } from '../ledger-schemas.js';
import { chooseStretch } from '../verify/choose-stretch.js';
import { verificationEvents } from '../verify/verification-events.js';

const runParams = z.object({ run: z.string().max(64) });
const step = z.coerce.number().int().min(0).max(0x7fffffff);

/** What lanes read and what came of it, as recorded and as done again. */
export function verifyRoutes({ namespace }: ApiOptions, deps: ApiDeps): FastifyPluginAsyncZod {
  const { db } = deps;
  return async (app) => {
    const streams = new EventStreams(app);
    app.route({
      method: 'GET',
      url: '/runs/:run/ledger',
      schema: {
        summary:
          'Which batches each lane read at each step, and the state hashes of snapshots; whole steps by the page',
        params: runParams,
        querystring: z.strictObject({
          from: step.default(0).describe('First step; `next` of the page before.'),
          to: step.default(0x7fffffff).describe('Last step.'),
          limit: z.coerce.number().int().min(1).max(1000).default(200).describe('Steps of a page.'),
        }),
        response: { 200: ledgerSchema, default: errorSchema },
      },
      handler: async ({ params: { run }, query: { from, to, limit } }) => {
        await requireRun(db, run);
        const rows = await ledgerOf(db, run, { from, to, steps: limit + 1 });
        const steps = [...new Set(rows.map((row) => row.step))];
        const next = steps[limit] ?? null;
        const entries = rows.filter((row) => next === null || row.step < next);
        const snapshots = await snapshotHashesOf(db, run, { from, to: next === null ? to : next - 1 });
        return { run, entries, snapshots, next };
      },
    });
    app.route({
      method: 'POST',
      url: '/runs/:run/verify',
      schema: {
        summary:
          'Do the steps between two checkpoints again on a worker of the same kind and compare (server-sent events, up to `result` or `failed`)',
        params: runParams,
        body: z
          .strictObject({
            from: z.int().min(0).max(0x7fffffff).optional().describe('Default: the checkpoint before `to`, or step 0.'),
            to: z.int().min(0).max(0x7fffffff).optional().describe('Default: the newest checkpoint.'),
          })
          .nullish(),
        produces: ['text/event-stream'],
      },
      handler: async ({ params: { run }, body }, reply) => {
        const { from, to } = body ?? {};
        const choice = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
        const stretch = await chooseStretch(db, run, choice, { namespace });
        return streams.send(reply, (signal) => serverSent(verificationEvents(stretch, deps, signal)));
      },
    });
  };
}

async function* serverSent(events: AsyncIterable<{ readonly kind: string }>): AsyncGenerator<string> {
  for await (const event of events) yield `event: ${event.kind}\ndata: ${JSON.stringify(event)}\n\n`;
}

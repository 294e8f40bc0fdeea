import { changeTags, setArchived, setNote } from '@tributary/run-store';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ApiDeps } from '../api-deps.js';
import { errorSchema } from '../document-schemas.js';
import {
  archiveReplySchema,
  noteChangeSchema,
  noteSchema,
  runIdsSchema,
  tagChangesSchema,
  tagsSchema,
} from '../history-schemas.js';

const runParams = z.object({ run: z.string().max(64) });

/** What users write on runs: tags, a note, and whether lists show them. */
export function labelRoutes({ db }: ApiDeps): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: 'PATCH',
      url: '/runs/:run/tags',
      schema: {
        summary: 'Set and remove tags of a run; answers with all that it has then',
        params: runParams,
        body: tagChangesSchema,
        response: { 200: tagsSchema, default: errorSchema },
      },
      handler: async ({ params: { run }, body }) => ({ run, tags: await changeTags(db, run, body) }),
    });
    app.route({
      method: 'PUT',
      url: '/runs/:run/note',
      schema: {
        summary: 'Write a note on a run, in place of the one before',
        params: runParams,
        body: noteChangeSchema,
        response: { 200: noteSchema, default: errorSchema },
      },
      handler: async ({ params: { run }, body: { note } }) => {
        await setNote(db, run, note);
        return { run, note };
      },
    });
    for (const [verb, archived, summary] of [
      ['archive', true, 'Take runs out of lists; nothing else changes'],
      ['restore', false, 'Put archived runs back into lists'],
    ] as const)
      app.route({
        method: 'POST',
        url: `/runs/${verb}`,
        schema: { summary, body: runIdsSchema, response: { 200: archiveReplySchema, default: errorSchema } },
        handler: async ({ body: { runs } }) => ({ changed: await setArchived(db, runs, archived) }),
      });
  };
}

import { maxRunFileBytes, parseRunFile, RunFileError } from '@tributary/config';
import type { ValidationReplyDocument } from '@tributary/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { errorSchema, validationReplySchema } from '../document-schemas.js';
import { namedFiles } from '../named-files.js';

/** What a run file says, without launching anything. */
export function validateRoutes(): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: 'POST',
      url: '/validate',
      // As JSON, a text may be longer than it is.
      bodyLimit: 2 * maxRunFileBytes,
      schema: {
        summary: 'Check the text of a run file (YAML or JSON): its problems by line, or all of it with the defaults',
        body: z.strictObject({
          text: z.string(),
          name: z.string().max(200).default('run file').describe('How the file is called in messages.'),
        }),
        response: { 200: validationReplySchema, default: errorSchema },
      },
      handler: async ({ body: { text, name } }): Promise<ValidationReplyDocument> => {
        try {
          const spec = parseRunFile(text, { name });
          return { spec: spec as unknown as Record<string, unknown>, files: namedFiles(spec), problems: [] };
        } catch (error) {
          if (!(error instanceof RunFileError)) throw error;
          const problems = error.problems.map(({ line, path, message }) => ({ line, field: path, message }));
          return { spec: null, files: [], problems };
        }
      },
    });
  };
}

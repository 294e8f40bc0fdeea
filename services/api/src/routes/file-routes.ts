import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { ApiDeps, ApiOptions } from '../api-deps.js';
import { errorSchema, fileSchema } from '../document-schemas.js';
import { readBody } from '../read-body.js';
import { storeUpload, tooLarge } from '../uploads.js';

const defaultMaxBytes = 256 * 1024 * 1024;

export function fileRoutes(options: ApiOptions, { objects }: ApiDeps): FastifyPluginAsyncZod {
  const maxBytes = options.maxUploadBytes ?? defaultMaxBytes;
  return async (app) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('application/octet-stream', { bodyLimit: maxBytes }, (_request, payload, done) => {
      done(null, payload);
    });
    app.route({
      method: 'PUT',
      url: '/files',
      bodyLimit: maxBytes,
      schema: {
        summary: 'Upload a data file; it is kept under its SHA-256',
        consumes: ['application/octet-stream'],
        response: { 200: fileSchema, default: errorSchema },
      },
      handler: (request) =>
        readBody(request, async (bytes) => {
          if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes);
          return await storeUpload(bytes, maxBytes, objects);
        }),
    });
  };
}

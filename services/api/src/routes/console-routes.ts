import { TributaryError } from '@tributary/protocol';
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { type ConsoleFile, readConsoleFiles } from '../console-files.js';

/** Nothing but the console's own files and this API: no other host, no script or style in the page, no frame around it. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const headers = {
  'content-security-policy': contentSecurityPolicy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

/**
 * The console, a page without secrets: whoever opens it gives it the token. Every address of its own (`/console/runs/…`) is the
 * same page, so that addresses can be shared.
 */
export function consoleRoutes(folder: string): FastifyPluginAsync {
  return async (app) => {
    const files = await readConsoleFiles(folder);
    const page = (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
      const file = files.get('index.html');
      if (file === undefined)
        throw new TributaryError(
          'OBJECT_NOT_FOUND',
          'The console is not built; run make build, then npx tributary up.',
        );
      return send(request, reply, file, 'no-cache');
    };
    app.get('/', { schema: { hide: true } }, page);
    app.get('/*', { schema: { hide: true } }, (request, reply) => {
      const path = (request.params as { '*': string })['*'];
      const file = files.get(path);
      if (file !== undefined) return send(request, reply, file, cacheControl(path));
      if (path.startsWith('assets/'))
        throw new TributaryError('OBJECT_NOT_FOUND', `The console has no ${path}; load its page again.`);
      return page(request, reply);
    });
  };
}

/** A name under assets/ holds the hash of its content. */
function cacheControl(path: string): string {
  return path.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache';
}

function send(request: FastifyRequest, reply: FastifyReply, file: ConsoleFile, cache: string): FastifyReply {
  reply.headers({ ...headers, 'cache-control': cache, etag: file.etag });
  if (request.headers['if-none-match'] === file.etag) return reply.status(304).send();
  return reply.type(file.type).send(file.bytes);
}

import { createHash, timingSafeEqual } from 'node:crypto';
import { TributaryError } from '@tributary/protocol';
import type { FastifyRequest } from 'fastify';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** A hook that lets only holders of the token in; the comparison takes the same time whatever was sent. */
export function requireToken(token: string): (request: FastifyRequest) => Promise<void> {
  const expected = digest(token);
  return async (request) => {
    const sent = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';
    if (timingSafeEqual(digest(sent), expected)) return;
    throw new TributaryError(
      'UNAUTHORIZED',
      sent === ''
        ? 'The API needs a token; send it as "Authorization: Bearer …".'
        : 'The API token is wrong; use the one of this stack (TRIBUTARY_API_TOKEN_FILE).',
    );
  };
}

import { createHash, timingSafeEqual } from 'node:crypto';
import { TributaryError } from '@tributary/protocol';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** What is said to whom is not let in. */
export interface TokenRefusals {
  readonly missing: string;
  readonly wrong: string;
}

/** A hook that lets only holders of the token in; the comparison takes the same time whatever was sent. */
export function requireBearer(
  token: string,
  refusals: TokenRefusals,
): (request: { readonly headers: { readonly authorization?: string | undefined } }) => Promise<void> {
  const expected = digest(token);
  return async ({ headers }) => {
    const sent = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1] ?? '';
    if (timingSafeEqual(digest(sent), expected)) return;
    throw new TributaryError('UNAUTHORIZED', sent === '' ? refusals.missing : refusals.wrong);
  };
}

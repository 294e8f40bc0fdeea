import { requireBearer } from '@tributary/service-runtime';

/** A hook that lets only holders of the token in. */
export const requireToken = (token: string): ReturnType<typeof requireBearer> =>
  requireBearer(token, {
    missing: 'The API needs a token; send it as "Authorization: Bearer …".',
    wrong: 'The API token is wrong; use the one of this stack (TRIBUTARY_API_TOKEN_FILE).',
  });

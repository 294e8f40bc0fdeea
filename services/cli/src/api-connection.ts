import { readFile } from 'node:fs/promises';
import { apiUrl, readStackDocument, secretFile, stackFolders } from '@tributary/devstack';
import { TributaryError } from '@tributary/protocol';

/** Where the API is, and how it is told who asks. */
export interface ApiConnection {
  readonly url: string;
  readonly token: string;
  /** Where the token came from, for errors. */
  readonly tokenFile: string;
  /** False where the user named the API: it is not this machine's stack then. */
  readonly ownStack: boolean;
}

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * The API of the environment (`TRIBUTARY_API_URL`, `TRIBUTARY_API_TOKEN_FILE`), else of this machine's stack.
 * @throws TributaryError `STACK_DOWN` where the stack was never up, `UNAUTHORIZED` where the token cannot be read
 */
export async function findApi(env: Variables = process.env): Promise<ApiConnection> {
  const named = env.TRIBUTARY_API_URL || undefined;
  const namedToken = env.TRIBUTARY_API_TOKEN_FILE || undefined;
  const folders = stackFolders(undefined, env as NodeJS.ProcessEnv);
  let url = named?.replace(/\/+$/, '');
  if (url === undefined) {
    const document = await readStackDocument(folders);
    if (document === undefined) throw stackDown();
    url = apiUrl({ document });
  } else if (!/^https?:\/\//.test(url))
    throw new TributaryError('SPEC_INVALID', `TRIBUTARY_API_URL is "${url}"; it must begin with http:// or https://`);
  const tokenFile = namedToken ?? secretFile(folders, 'api');
  const token = (await readFile(tokenFile, 'utf8').catch(() => '')).trim();
  if (token === '') {
    if (named === undefined && namedToken === undefined) throw stackDown();
    throw new TributaryError(
      'UNAUTHORIZED',
      `The API token cannot be read from ${tokenFile}; name its file in TRIBUTARY_API_TOKEN_FILE.`,
    );
  }
  return { url, token, tokenFile, ownStack: named === undefined };
}

export function stackDown(): TributaryError {
  return new TributaryError('STACK_DOWN', 'The Tributary stack is not running; start it with: npx tributary up');
}

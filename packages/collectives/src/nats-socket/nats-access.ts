import type { NodeConnectionOptions } from '@nats-io/transport-node';
import { TributaryError } from '@tributary/protocol';

/**
 * How to reach NATS servers and what to show them, in the shapes of `@nats-io/transport-node`: `servers` (tried in turn),
 * `user` and `pass`, `token`, an `authenticator` (`credsAuthenticator`, `nkeyAuthenticator`, `jwtAuthenticator`), `tls`
 * (`null` refuses it; without it, it is used where the server has it).
 */
export type NatsAccess = Required<Pick<NodeConnectionOptions, 'servers'>> &
  Pick<NodeConnectionOptions, 'user' | 'pass' | 'token' | 'authenticator' | 'tls'>;

export interface ServerAddress {
  /** As it was given. */
  readonly text: string;
  readonly host: string;
  readonly port: number;
  /** `tls://`: never without. */
  readonly secure: boolean;
}

const defaultPort = 4222;

/** @throws TributaryError `PREREQUISITE_MISSING` where one is no address */
export function serverAddresses(servers: string | readonly string[]): ServerAddress[] {
  const addresses = (typeof servers === 'string' ? servers.split(',') : servers).map(serverAddress);
  if (addresses.length === 0)
    throw new TributaryError('PREREQUISITE_MISSING', 'No NATS server is given; give one as nats://host:port.');
  return addresses;
}

function serverAddress(given: string): ServerAddress {
  const text = given.trim();
  const full = /^[a-z]+:\/\//i.test(text) ? text : `nats://${text}`;
  const url = URL.canParse(full) ? new URL(full) : null;
  if (url === null || url.hostname === '' || url.username !== '' || url.password !== '')
    throw new TributaryError(
      'PREREQUISITE_MISSING',
      `"${url?.username ? full.replace(/\/\/.*@/, '//…@') : text}" is no address of a NATS server; give it as nats://host:port, user and password apart.`,
    );
  return {
    text,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? defaultPort : Number(url.port),
    secure: url.protocol === 'tls:',
  };
}

/** The members of CONNECT that answer the server's question who this is. `nonce` is the server's, to be signed. */
export function credentials(access: NatsAccess, nonce: string | undefined): Record<string, unknown> {
  const { authenticator, token, user, pass } = access;
  const shown: Record<string, unknown> = {};
  for (const each of authenticator === undefined ? [] : [authenticator].flat()) Object.assign(shown, each(nonce));
  if (token !== undefined) shown.auth_token = token;
  if (user !== undefined) Object.assign(shown, { user, pass });
  return shown;
}

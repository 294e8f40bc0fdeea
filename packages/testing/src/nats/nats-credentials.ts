import { nkeys } from '@nats-io/transport-node';

/** An operator's NATS: what its server is configured with, and a user's credentials file. */
export interface NatsOperator {
  readonly configuration: Readonly<Record<string, unknown>>;
  readonly creds: Uint8Array;
}

type Key = ReturnType<typeof nkeys.createUser>;

/** A new operator with one account and one user. */
export function natsOperator(): NatsOperator {
  const operator = nkeys.createOperator();
  const account = nkeys.createAccount();
  const user = nkeys.createUser();
  const unlimited = { subs: -1, conn: -1, leaf: -1, imports: -1, exports: -1, data: -1, payload: -1, wildcards: true };
  const accountToken = signedToken(operator, account, { type: 'account', version: 2, limits: unlimited });
  const limits = { subs: -1, data: -1, payload: -1, pub: {}, sub: {} };
  const userToken = signedToken(account, user, { type: 'user', version: 2, ...limits });
  const seed = new TextDecoder().decode(user.getSeed());
  return {
    configuration: {
      operator: signedToken(operator, operator, { type: 'operator', version: 2 }),
      resolver: 'MEMORY',
      resolver_preload: { [account.getPublicKey()]: accountToken },
    },
    creds: new TextEncoder().encode(
      `-----BEGIN NATS USER JWT-----\n${userToken}\n------END NATS USER JWT------\n\n-----BEGIN USER NKEY SEED-----\n${seed}\n------END USER NKEY SEED------\n`,
    ),
  };
}

/** A new user of a server that knows nkeys alone. */
export function natsKey(): { readonly publicKey: string; readonly seed: Uint8Array } {
  const user = nkeys.createUser();
  return { publicKey: user.getPublicKey(), seed: user.getSeed() };
}

function signedToken(issuer: Key, subject: Key, nats: Readonly<Record<string, unknown>>): string {
  const encode = (part: unknown): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  const issued = Math.floor(Date.now() / 1000);
  const names = { jti: subject.getPublicKey(), iss: issuer.getPublicKey(), sub: subject.getPublicKey() };
  const signed = `${encode({ typ: 'JWT', alg: 'ed25519-nkey' })}.${encode({ ...names, iat: issued, name: 'test', nats })}`;
  return `${signed}.${Buffer.from(issuer.sign(Buffer.from(signed))).toString('base64url')}`;
}

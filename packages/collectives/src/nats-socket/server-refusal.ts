import { TributaryError } from '@tributary/protocol';

/** The server lets this user in, but not do what the exchange must do: no other try can help. */
export class NatsPermissionError extends TributaryError {}

/** Errors by which a server says that it will not have this client, as the client is. */
const unauthorized = /^(authorization violation|(user|account) authentication (expired|revoked))/i;
const forbidden = /^permissions violation for (subscription to|publish to) "?([^"\s]+)/i;

/** What an `-ERR` means: a TributaryError where another try would end alike, else an Error. */
export function serverError(text: string, server: string): Error {
  const violation = forbidden.exec(text);
  if (violation !== null) {
    const [, what = '', subject = ''] = violation;
    const may = /^pub/i.test(what) ? 'publish to' : 'subscribe to';
    return new NatsPermissionError(
      'UNAUTHORIZED',
      `The NATS server ${server} does not let this user ${may} "${subject}"; give the user that permission, or use another.`,
    );
  }
  if (unauthorized.test(text))
    return new TributaryError(
      'UNAUTHORIZED',
      `The NATS server ${server} refuses these credentials (${text}); give a user and password, token or credentials file that it knows.`,
    );
  return new Error(`the NATS server ${server} says: ${text}`);
}

/** A failed TLS handshake: a TributaryError where one of both ends does not trust the other, else the cause. */
export function tlsError(cause: Error, untrusted: boolean, server: string): Error {
  // OpenSSL's message is a line of its source, its reason is a sentence.
  const { code = '', reason = cause.message } = cause as NodeJS.ErrnoException & { readonly reason?: string };
  if (untrusted)
    return new TributaryError(
      'UNAUTHORIZED',
      `The certificate of the NATS server ${server} is not trusted (${cause.message}); give the authority that signed it as tls.caFile.`,
      { cause },
    );
  if (/^ERR_SSL_.*ALERT/.test(code))
    return new TributaryError(
      'UNAUTHORIZED',
      `The NATS server ${server} refuses the TLS handshake (${reason}); it may want a client certificate as tls.certFile and tls.keyFile.`,
      { cause },
    );
  return cause;
}

/** What this client was given to show cannot be read or used: always a TributaryError. */
export function unusable(what: string, server: string, cause: unknown): TributaryError {
  if (cause instanceof TributaryError) return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new TributaryError(
    'PREREQUISITE_MISSING',
    `The ${what} for the NATS server ${server} cannot be used (${why}); give others.`,
    { cause },
  );
}

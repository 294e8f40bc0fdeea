import { headers, type Msg } from '@nats-io/transport-node';
import { type ErrorCode, errorCodes, TributaryError, toErrorDocument } from '@tributary/protocol';

/** Bytes of a `read`: several may be under way at once, well below a client's backlog at the server. */
export const chunkBytes = 512 * 1024;
/** Reads under way for one part. */
export const readWindow = 4;
/** A holder or a buddy from which nothing came for so long is given up. */
export const silenceMs = 5_000;
/** How often a buddy that still fetches says so. */
export const progressIntervalMs = 1_000;

const errorHeader = 'Tributary-Error';
const progressHeader = 'Tributary-Progress';

export function respondError(message: Msg, error: unknown): void {
  const { code, message: text } = toErrorDocument(error);
  const head = headers();
  head.set(errorHeader, code);
  message.respond(text, { headers: head });
}

export function respondProgress(message: Msg): void {
  const head = headers();
  head.set(progressHeader, 'copying');
  message.respond('', { headers: head });
}

export function isProgress(message: Msg): boolean {
  return message.headers?.has(progressHeader) ?? false;
}

/** @throws TributaryError what the other side answered, if that is an error */
export function checkAnswer(message: Msg): void {
  const code = message.headers?.get(errorHeader);
  if (!code) return;
  const known = errorCodes.includes(code as ErrorCode) ? (code as ErrorCode) : 'INTERNAL';
  throw new TributaryError(known, message.string());
}

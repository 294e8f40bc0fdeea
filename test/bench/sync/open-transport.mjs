import { natsTransport } from '@tributary/collectives';

/** The transport that a trainer has. */
export function openTransport({ connection, subject, member, size }) {
  return natsTransport({ connection, subject, self: member, size });
}

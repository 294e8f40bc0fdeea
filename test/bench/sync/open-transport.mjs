import { natsTransport } from '@tributary/collectives';

/** The transport that a trainer has. */
export function openTransport({ access, subject, member, size }) {
  const { url, user, password } = access;
  return natsTransport({ servers: url, user, pass: password, subject, self: member, size });
}

import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { NatsAccess } from './base-environment.js';
import { type UntilThereOptions, untilThere } from './until-there.js';

/** Connects, however long the server is away at first, and reconnects for ever afterwards. */
export function connectNats(
  access: NatsAccess,
  name: string,
  options: Omit<UntilThereOptions, 'what'>,
): Promise<NatsConnection> {
  return untilThere(
    () =>
      connect({
        servers: access.url,
        user: access.user,
        pass: access.password,
        name,
        maxReconnectAttempts: -1,
        reconnectTimeWait: 250,
        pingInterval: 2_000,
      }),
    { ...options, what: 'NATS' },
  );
}

export type { NatsAccess } from './nats-access.js';
export { NatsSocket, type NatsSocketOptions, type NatsSocketState } from './nats-socket.js';

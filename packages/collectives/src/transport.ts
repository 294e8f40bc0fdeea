/**
 * Datagrams between the members of one generation. A payload may be lost, repeated, delayed and overtaken, but arrives
 * unchanged and only within its generation. Reliability is the business of {@link GradientExchange}.
 */
export interface Transport {
  /** This member, 0 ≤ self < size. */
  readonly self: number;
  readonly size: number;
  /** Longest payload in bytes that can be sent. */
  readonly maxPayloadBytes: number;
  /** The payload must stay unchanged afterwards: it may be read later. */
  send(to: number, payload: Uint8Array): void;
  /** To every other member, never to this one. */
  broadcast(payload: Uint8Array): void;
  /** Sets the one receiver. It must not change the payload, and copies what it keeps. */
  onMessage(handler: (from: number, payload: Uint8Array) => void): void;
  close(): Promise<void>;
}

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
  /**
   * The payload is head and body, one after the other. Both may be read later: the head must stay unchanged for good, the body
   * until no receiver has a use for this message any more (what then arrives behind an intact head is dropped).
   */
  send(to: number, head: Uint8Array, body?: Uint8Array): void;
  /** To every other member, never to this one. */
  broadcast(head: Uint8Array, body?: Uint8Array): void;
  /** Sets the one receiver. The payload is valid only during the call; it must not be changed. */
  onMessage(handler: (from: number, payload: Uint8Array) => void): void;
  close(): Promise<void>;
}

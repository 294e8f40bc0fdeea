import type { VerifyAnswer, VerifyRequest } from '@tributary/protocol';

/** From agent to the verifying process, once. */
export type ToVerifier = VerifyRequest;

/** From it to the agent; `done` or `failed` is the last. */
export type FromVerifier = VerifyAnswer;

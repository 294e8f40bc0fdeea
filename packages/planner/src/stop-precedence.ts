import type { StopRequest } from '@tributary/protocol';

const order: readonly StopRequest[] = ['hand-over', 'pause', 'cancel'];

/** Which of two requests stands: a cancel goes before a pause, and either before a hand-over. */
export function strongerStop(standing: StopRequest | null, asked: StopRequest): StopRequest {
  return standing !== null && order.indexOf(standing) > order.indexOf(asked) ? standing : asked;
}

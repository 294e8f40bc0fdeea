import type { StepResult } from './exchange-options.js';

/** The result of a step that is awaited. */
export interface StepWaiting {
  readonly promise: Promise<StepResult>;
  readonly resolve: (result: StepResult) => void;
  readonly reject: (error: Error) => void;
}

export function stepWaiting(): StepWaiting {
  let resolve: (result: StepResult) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<StepResult>((onResult, onError) => {
    resolve = onResult;
    reject = onError;
  });
  // A step whose result no one awaits may end by close().
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}

export function abortable(promise: Promise<StepResult>, signal: AbortSignal | undefined): Promise<StepResult> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

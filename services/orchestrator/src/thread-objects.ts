import type { MessagePort, Worker } from 'node:worker_threads';
import { type ErrorDocument, type ObjectStore, TributaryError, toErrorDocument } from '@tributary/protocol';

type Method = keyof ObjectStore;

interface Call {
  readonly call: number;
  readonly method: Method;
  readonly args: readonly unknown[];
}

type Answer =
  | { readonly call: number; readonly value: unknown }
  | { readonly call: number; readonly error: ErrorDocument };

/** In a thread: an object store whose every call is made by the thread's parent, over its one connection. */
export function parentObjects(parent: MessagePort): ObjectStore {
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  let calls = 0;
  parent.on('message', (answer: Answer) => {
    const caller = waiting.get(answer.call);
    waiting.delete(answer.call);
    if ('error' in answer) caller?.reject(new TributaryError(answer.error.code, answer.error.message));
    else caller?.resolve(answer.value as never);
  });
  const ask =
    <M extends Method>(method: M) =>
    (...args: Parameters<ObjectStore[M]>) =>
      new Promise<Awaited<ReturnType<ObjectStore[M]>>>((resolve, reject) => {
        calls += 1;
        waiting.set(calls, { resolve, reject });
        parent.postMessage({ call: calls, method, args } satisfies Call);
      });
  return { put: ask('put'), get: ask('get'), has: ask('has'), delete: ask('delete'), list: ask('list') };
}

/** In the parent: makes a thread's calls. Messages that are no calls go to `other`. */
export function serveObjects(thread: Worker, objects: ObjectStore, other: (message: unknown) => void): void {
  thread.on('message', (message: Call | { readonly call?: undefined }) => {
    if (message.call === undefined) {
      other(message);
      return;
    }
    const { call, method, args } = message;
    const made = (objects[method] as (...args: readonly unknown[]) => Promise<unknown>)(...args);
    made.then(
      (value) => thread.postMessage({ call, value } satisfies Answer),
      (error: unknown) => thread.postMessage({ call, error: toErrorDocument(error) } satisfies Answer),
    );
  });
}

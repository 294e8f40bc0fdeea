import { CancellationScope, condition, isCancellation } from '@temporalio/workflow';

/** What an activity gives, or null once an interruption has come first: then it is cancelled, and has ended. */
export async function unlessInterrupted<T>(interrupted: () => boolean, start: () => Promise<T>): Promise<T | null> {
  const scope = new CancellationScope({ cancellable: true });
  let done = false;
  const watching = condition(() => done || interrupted()).then(() => {
    if (!done) scope.cancel();
  });
  try {
    return await scope.run(start);
  } catch (error) {
    if (interrupted() && isCancellation(error)) return null;
    throw error;
  } finally {
    done = true;
    await watching;
  }
}

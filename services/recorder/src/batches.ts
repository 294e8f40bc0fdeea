export interface BatchLimits {
  /** Most items in a batch. */
  readonly maxItems: number;
  /** How long a batch waits for more after its first item. */
  readonly maxWaitMs: number;
}

/** Groups what arrives into batches, by count and by time. Ends when its source ends, with what it has. */
export async function* batches<T>(source: AsyncIterable<T>, { maxItems, maxWaitMs }: BatchLimits): AsyncGenerator<T[]> {
  const iterator = source[Symbol.asyncIterator]();
  try {
    let next = iterator.next();
    for (;;) {
      const first = await next;
      if (first.done) return;
      const batch = [first.value];
      next = iterator.next();
      let ended = false;
      let timer: NodeJS.Timeout | undefined;
      const timeUp = new Promise<'time-up'>((resolve) => {
        timer = setTimeout(() => resolve('time-up'), maxWaitMs);
      });
      while (batch.length < maxItems) {
        const result = await Promise.race([next, timeUp]);
        if (result === 'time-up') break;
        if (result.done) {
          ended = true;
          break;
        }
        batch.push(result.value);
        next = iterator.next();
      }
      clearTimeout(timer);
      yield batch;
      if (ended) return;
    }
  } finally {
    await iterator.return?.();
  }
}

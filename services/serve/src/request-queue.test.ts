import type { GenerateOptions } from '@tributary/protocol';
import type { TextRequest } from '@tributary/trainer';
import { describe, expect, it } from 'vitest';
import type { GenerationOutcome } from './generation-messages.js';
import { RequestQueue } from './request-queue.js';

const requestOf = (name: string, sources = 1): TextRequest => ({
  task: name,
  sources: new Array<string>(sources).fill(name),
  options: {} as GenerateOptions,
});
const answered: GenerationOutcome = { ok: true, outputs: [] };
const never = new AbortController().signal;

/** A model whose batches end when they are told to. */
function heldModel() {
  const batches: { readonly tasks: string[]; end(outcomes?: readonly GenerationOutcome[]): void; fail(): void }[] = [];
  const generate = (requests: readonly TextRequest[]) =>
    new Promise<readonly GenerationOutcome[]>((resolve, reject) =>
      batches.push({
        tasks: requests.map(({ task }) => task),
        end: (outcomes = requests.map(() => answered)) => resolve(outcomes),
        fail: () => reject(new Error('broken')),
      }),
    );
  return { batches, generate };
}

describe('RequestQueue', () => {
  it('begins at once, and takes together what came meanwhile, up to 64 sources', async () => {
    const { batches, generate } = heldModel();
    const queue = new RequestQueue({ generate, mostWaiting: 100 });
    const first = queue.add(requestOf('a'), never);
    const rest = [requestOf('b', 40), requestOf('c', 24), requestOf('d', 1), requestOf('e', 200)].map((request) =>
      queue.add(request, never),
    );
    expect([batches.map(({ tasks }) => tasks), queue.waiting]).toEqual([[['a']], 4]);
    batches[0]?.end();
    await first;
    await Promise.resolve();
    for (const index of [1, 2, 3]) {
      await expect.poll(() => batches.length).toBe(index + 1);
      batches[index]?.end();
    }
    await Promise.all(rest);
    expect(batches.map(({ tasks }) => tasks)).toEqual([['a'], ['b', 'c'], ['d'], ['e']]);
    expect(queue.waiting).toBe(0);
  });

  it('fails a refused request alone, and all of a batch that breaks, and goes on', async () => {
    const { batches, generate } = heldModel();
    const queue = new RequestQueue({ generate, mostWaiting: 100 });
    const held = queue.add(requestOf('held'), never);
    const [good, bad] = [queue.add(requestOf('good'), never), queue.add(requestOf('bad'), never)];
    batches[0]?.fail();
    await expect(held).rejects.toThrow('broken');
    await expect.poll(() => batches.length).toBe(2);
    batches[1]?.end([answered, { ok: false, error: { code: 'DATA_INVALID', message: 'no such symbol' } }]);
    expect(await good).toEqual([]);
    await expect(bad).rejects.toThrow('no such symbol');
  });

  it('refuses more than may wait, and forgets who leaves', async () => {
    const { batches, generate } = heldModel();
    const queue = new RequestQueue({ generate, mostWaiting: 1 });
    const held = queue.add(requestOf('held'), never);
    const leaving = new AbortController();
    const left = queue.add(requestOf('left'), leaving.signal);
    await expect(queue.add(requestOf('many'), never)).rejects.toThrow(
      '1 requests wait already; ask again in a moment.',
    );
    leaving.abort();
    await expect(left).rejects.toThrow('given up');
    const next = queue.add(requestOf('next'), never);
    batches[0]?.end();
    await held;
    await expect.poll(() => batches.length).toBe(2);
    batches[1]?.end();
    await next;
    expect(batches[1]?.tasks).toEqual(['next']);
  });
});

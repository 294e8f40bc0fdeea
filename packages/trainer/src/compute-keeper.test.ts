import { runFileSchema } from '@tributary/config';
import { prepareRun } from '@tributary/datasets';
import type { Lane, RunId } from '@tributary/protocol';
import { ComputeKeeper } from '@tributary/trainer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LaneDone, StateBuffers, Traced } from './compute-messages.js';
import { gradientsOf, gradientVectors } from './lane-gradients.js';
import { fetchSplits } from './load-splits.js';
import { objectsInMemory } from './objects-in-memory.fixture.js';
import { modelOf } from './prepared-model.js';

const pairs = Array.from({ length: 24 }, (_, index) => {
  const letters = [0, 1, 2, 3].map((place) => 'abcdefgh'[(index * (place + 3) + place * (index >> 3)) % 8]);
  return JSON.stringify({ source: letters.join(' '), target: letters.toReversed().join(' ') });
});

/** Two tasks, three lanes; opens any of them on a keeper. */
async function ground(budget: number) {
  const data = { source: 'file', format: 'jsonl', path: 'p', validation: 'p', test: 'p' } as const;
  const spec = runFileSchema.parse({
    experiment: 'kept',
    model: { embedding: { size: 8 }, encoder: { hidden: 12 }, generator: { hidden: 12 }, attention: { size: 8 } },
    tasks: [
      { name: 'one', data, replicas: 2 },
      { name: 'two', data },
    ],
    batch: { size: 4 },
    budget: { steps: budget },
  });
  const objects = objectsInMemory();
  await objects.put('data/p', new TextEncoder().encode(pairs.join('\n')));
  const prepared = await prepareRun({ run: 'kept-1' as RunId, spec, files: { p: 'data/p' } }, { objects });
  const model = modelOf(prepared, spec);
  const fetched: string[] = [];
  const share = (values: Float32Array): Float32Array => {
    const shared = new Float32Array(new SharedArrayBuffer(values.byteLength));
    shared.set(values);
    return shared;
  };
  const open = async (keeper: ComputeKeeper, lanes: readonly number[]) => {
    const hosted = prepared.lanes.filter(({ lane }) => lanes.includes(lane));
    const tasks = [...new Set<string>(hosted.map(({ task }: Lane) => task))];
    const shared = share(model.initialShared(1));
    const own = Object.fromEntries(tasks.map((task) => [task, share(model.task(task).initial(1))]));
    const gradients = gradientVectors(hosted, model.sharedLayout.elements, (task) => model.task(task).layout.elements);
    const client = await keeper.open({
      ...{ prepared, backend: 'tensorflow', device: 'cpu', threads: 1, lanes: hosted, gradients },
      shared: [shared, shared],
      tasks: Object.fromEntries(Object.entries(own).map(([task, values]) => [task, [values, values]])),
      splits: (names) => {
        fetched.push(...names);
        return fetchSplits(prepared, names, objects);
      },
    });
    const traced: Traced[] = [];
    client.onTraced = (graph) => traced.push(graph);
    /** The first step of every lane here: its loss and its gradient. */
    const step = async (): Promise<Map<number, { loss: number; gradient: Float32Array }>> => {
      const results = new Map<number, { loss: number; gradient: Float32Array }>();
      const onLane = ({ lane, loss }: LaneDone): unknown =>
        results.set(lane, { loss, gradient: gradientsOf(gradients, lane, 1).shared.slice() });
      const buffers: StateBuffers = { shared: 0, tasks: Object.fromEntries(tasks.map((task) => [task, 0 as const])) };
      const shares = hosted.map(({ lane }) => ({ lane, microbatches: 1 }));
      await client.request({ kind: 'step', step: 1, buffers, lanes: shares }, { onLane });
      return results;
    };
    return { client, traced, step };
  };
  return { open, fetched };
}

describe('ComputeKeeper', () => {
  const keeper = new ComputeKeeper();
  let ten: Awaited<ReturnType<typeof ground>>;
  beforeAll(async () => {
    ten = await ground(10);
  });
  afterAll(() => keeper.close());

  it('hosts other lanes on the living thread: the same gradients, no graph and no data twice', async () => {
    const first = await ten.open(keeper, [0, 1, 2]);
    await first.client.request({ kind: 'warm-up' });
    const before = await first.step();
    expect(first.traced.length).toBeGreaterThan(0);
    const again = await ten.open(keeper, [1]);
    await again.client.request({ kind: 'warm-up' });
    const after = await again.step();
    expect([...after.keys()]).toEqual([1]);
    expect(after.get(1)).toEqual(before.get(1));
    expect(again.traced).toEqual([]);
    const all = await ten.open(keeper, [0, 1, 2]);
    expect(await all.step()).toEqual(before);
    expect(all.traced).toEqual([]);
    expect(ten.fetched.sort()).toEqual(['one', 'two']);
  });

  it('lets the client of an earlier generation do nothing more, in the middle of a request too', async () => {
    const old = await ten.open(keeper, [0, 1, 2]);
    const pending = old.step();
    const refused = expect(pending).rejects.toMatchObject({ code: 'GENERATION_SUPERSEDED' });
    const next = await ten.open(keeper, [2]);
    await refused;
    await expect(old.step()).rejects.toMatchObject({ code: 'GENERATION_SUPERSEDED' });
    expect([...(await next.step()).keys()]).toEqual([2]);
  });

  it('starts another thread for another prepared run', async () => {
    const old = await ten.open(keeper, [2]);
    const other = await ground(20);
    const next = await other.open(keeper, [2]);
    expect(other.fetched).toEqual(['two']);
    expect([...(await next.step()).keys()]).toEqual([2]);
    expect(next.traced.length).toBeGreaterThan(0);
    await expect(old.step()).rejects.toMatchObject({ code: 'GENERATION_SUPERSEDED' });
  });
});

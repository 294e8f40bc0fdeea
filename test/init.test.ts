import { encodeSafetensors } from '@tributary/checkpoints';
import type { RunFileInput } from '@tributary/config';
import type { RunDocument, RunEvent } from '@tributary/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fastFiles, fastRun } from './support/fast-run.js';
import { type Installation, openInstallation } from './support/installation.js';

const files = { 'reverse.jsonl': fastFiles['reverse.jsonl'], 'double.jsonl': fastFiles['double.jsonl'] };
/** Long enough to learn something. */
const parentRun = { ...fastRun, evaluation: { every: 20 }, checkpoints: { every: 30, keep: 2 }, budget: { steps: 60 } };
/** One step that changes next to nothing, then the held-out results. */
const childRun = { ...fastRun, optimizer: { kind: 'sgd', learningRate: 1e-6 }, budget: { steps: 1 } } as const;

const loss = ({ tasks }: RunDocument, task: string): number =>
  tasks.find((each) => each.task === task)?.results.loss ?? Number.NaN;

describe('a run that begins with the weights of another', () => {
  let installation: Installation;
  let parent: RunDocument;
  const child = async (init: RunFileInput['init'], more: Record<string, Uint8Array> = {}) =>
    installation.launch({ ...childRun, init }, { ...files, ...more });

  beforeAll(async () => {
    installation = await openInstallation(['a']);
    parent = await installation.untilRest(await installation.launch(parentRun, files));
    expect(parent.state).toBe('finished');
  }, 300_000);
  afterAll(() => installation.close());

  it('begins where that run ended, and says what it took', async () => {
    const run = await child({ from: { run: parent.run }, strict: true });
    const events: RunEvent[] = [];
    await installation.follow(run, (event) => void events.push(event));
    const ended = await installation.untilRest(run);
    expect(ended.state).toBe('finished');
    const from = `run ${parent.run}, step 60`;
    const count = ended.init?.matched.length;
    expect(events).toContainEqual({
      kind: 'notice',
      run,
      text: `Initial values from ${from}: ${count} of ${count} parameters.`,
    });
    expect(ended.init).toMatchObject({ from, missing: [], unused: [], otherShape: [], remarks: [] });
    expect(ended.spec.init).toMatchObject({ from: { run: parent.run, step: 60 } });
    for (const task of ['reverse', 'double']) expect(loss(ended, task)).toBeCloseTo(loss(parent, task), 3);
    const fresh = await installation.untilRest(await installation.launch(childRun, files));
    expect(fresh.init).toBeNull();
    for (const task of ['reverse', 'double']) expect(loss(fresh, task)).toBeGreaterThan(loss(parent, task) + 0.2);
  }, 300_000);

  it('says of a run what came before its first step', () => {
    const timing = (name: string) =>
      parent.series.find(({ subject, series, kind }) => subject === 'run' && series === name && kind === 'timing')
        ?.last;
    expect(timing('first_step_seconds')).toBeGreaterThan(0);
    expect(timing('tracing_seconds')).toBeGreaterThan(0);
    // Two tasks; for each of two lengths training, evaluation and the two halves of generation, or one length more.
    expect(timing('graphs')).toBeGreaterThanOrEqual(2 * (2 + 3));
    expect(timing('graphs')).toBeLessThanOrEqual(2 * 4 * (2 + 2));
    expect(timing('peak_memory_bytes')).toBeGreaterThan(50e6);
  });

  it('is refused before anything is taken', async () => {
    const runs = async () => (await installation.call<{ runs: unknown[] }>('GET', '/runs')).runs.length;
    const before = await runs();
    await expect(child({ from: { run: 'nobody-aaaaaaaa' } })).rejects.toThrow(/RUN_NOT_FOUND.*nobody-aaaaaaaa/);
    await expect(child({ from: { run: parent.run, step: 45 } })).rejects.toThrow(
      `init.from.step: run ${parent.run} has no checkpoint of step 45; it has 30, 60.`,
    );
    await expect(child({ from: { file: 'weights.safetensors' } })).rejects.toThrow(
      /weights\.safetensors was not uploaded/,
    );
    await expect(
      child({ from: { file: 'weights.safetensors' } }, { 'weights.safetensors': Uint8Array.of(1, 2, 3) }),
    ).rejects.toThrow(
      /DATA_INVALID.*init\.from\.file: weights\.safetensors is not a safetensors file that can be read: it has 3 bytes/,
    );
    expect(await runs()).toBe(before);
  }, 60_000);

  it('fails before a worker is leased where nothing matches', async () => {
    const tensors = { other: { shape: [1], data: Float32Array.of(1) } };
    const bytes = encodeSafetensors({ tensors, metadata: {} });
    const ended = await installation.untilRest(
      await child({ from: { file: 'weights.safetensors' } }, { 'weights.safetensors': bytes }),
    );
    expect(ended.state).toBe('failed');
    expect(ended.reason).toMatch(/none of the \d+ parameters has a tensor of its name and shape in file weights/);
    expect(ended.generations).toEqual([]);
  }, 120_000);
});

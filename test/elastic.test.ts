import { Kvm } from '@nats-io/kv';
import { type GenerationDocument, type MemberEndingDocument, natsNames, type RunDocument } from '@tributary/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { nextBeacon, startAgent } from './support/agents.js';
import { fastFiles, fastRun } from './support/fast-run.js';
import { type Installation, openInstallation } from './support/installation.js';

/** Three lanes, and more steps than any machine does while they move four times; what a step does depends on no budget. */
const longer = {
  ...fastRun,
  experiment: 'elastic',
  workers: { min: 1, max: 1 },
  checkpoints: { every: 1_000_000, keep: 10 },
  evaluation: { every: 1_000_000, examples: 16, samples: 2 },
  budget: { steps: 1_000_000 },
};

const { 'reverse.jsonl': reverse, 'double.jsonl': double } = fastFiles;
const files = { 'reverse.jsonl': reverse, 'double.jsonl': double };

let here: Installation;

beforeAll(async () => {
  here = await openInstallation(['a', 'b']);
}, 120_000);
afterAll(() => here.close());

/** Resolves with the run's document in NATS once it satisfies a condition. */
async function documentOf(run: string, when: (document: GenerationDocument) => boolean): Promise<GenerationDocument> {
  const bucket = await new Kvm(here.connection).open(natsNames(here.namespace).generationsBucket);
  const watch = await bucket.watch({ key: run });
  try {
    for await (const entry of watch) {
      const document = entry.json<GenerationDocument>();
      if (when(document)) return document;
    }
  } finally {
    watch.stop();
  }
  throw new Error('the watch ended');
}

/** Follows the endings of a run's members, until `stop`: generation → the endings of its members. */
async function followEndings(run: string) {
  const bucket = await new Kvm(here.connection).open(natsNames(here.namespace).endingsBucket);
  const watch = await bucket.watch({ key: `${run}.>` });
  const endings = new Map<number, MemberEndingDocument['ending'][]>();
  const reading = (async () => {
    for await (const entry of watch) {
      if (entry.operation !== 'PUT') continue;
      const { generation, ending } = entry.json<MemberEndingDocument>();
      endings.set(generation, [...(endings.get(generation) ?? []), ending]);
    }
  })();
  return {
    endings,
    stop: async () => {
      watch.stop();
      await reading;
    },
  };
}

it('is scaled from one worker to three and to two, takes one that joins, lets one that drains go, and redoes no step', async () => {
  const run = await here.launch(longer, files);
  const { endings, stop } = await followEndings(run);
  const workers = (document: GenerationDocument): string => document.members.map(({ worker }) => worker).join();
  /** Resolves once these workers, and no others, have done a step together. */
  const trainedBy = async (wanted: string): Promise<void> => {
    const { generation, resume, members } = await documentOf(
      run,
      (document) => workers(document) === wanted && document.stop === null,
    );
    await nextBeacon(
      here.connection,
      here.namespace,
      members[0]?.worker as string,
      ({ trainer }) => trainer?.run === run && trainer.generation >= generation && trainer.step > resume.step,
    );
  };
  const scale = (count: number) => here.call('POST', `/runs/${run}/scale`, { workers: count });

  await trainedBy('a');
  await scale(3);
  await trainedBy('a,b');
  here.agents.set('c', await startAgent(here.connection, { ...here, worker: 'c' }));
  await trainedBy('a,b,c');
  await scale(2);
  await trainedBy('a,b');
  const left = here.agents.get('b')?.kill('SIGTERM');
  await trainedBy('a,c');
  await left;

  await here.call('POST', `/runs/${run}/cancel`, {});
  const document = await here.untilRest(run);
  await stop();
  const { step, stateHash, generations } = document;
  expect(document).toMatchObject({ state: 'cancelled', stateHash: expect.stringMatching(/^[0-9a-f]{64}$/) });
  expect(generations.at(-1)).toMatchObject({ outcome: 'cancelled' });
  for (const [index, { generation, outcome, resumeStep }] of generations.entries()) {
    const next = generations[index + 1];
    if (next === undefined) break;
    expect(outcome).toBe('handed-over');
    // Where its members stopped, the next ones went on: no step was lost or done again.
    expect(endings.get(generation)?.map(({ outcome, step }) => [outcome, step])).toEqual(
      endings.get(generation)?.map(() => ['handed-over', next.resumeStep]),
    );
    expect(next.resumeStep).toBeGreaterThan(resumeStep);
  }

  const alone = await here.untilRest(await here.launch({ ...longer, budget: { steps: step } }, files));
  expect(alone).toMatchObject({ state: 'finished', step, stateHash });
  expect(alone.generations).toHaveLength(1);
  const losses = (of: RunDocument) => of.series.filter(({ series }) => series === 'train.loss');
  expect(losses(document)).toEqual(losses(alone));
}, 120_000);

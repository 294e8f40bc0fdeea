import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { beforeAll, expect, it } from 'vitest';

/**
 * Histories of real runs, recorded from a Temporal server by the orchestrator's tests
 * (`npm run record-histories -w packages/workflows`). Code that cannot replay them would break runs under way.
 */
const fixtures = new URL('../fixtures/', import.meta.url);
let workflowBundle: { code: string };

beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
  const workflowsPath = fileURLToPath(import.meta.resolve('@tributary/workflows'));
  workflowBundle = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') });
});

async function histories(change: (name: string, text: string) => string = (_name, text) => text) {
  const names = (await readdir(fixtures)).filter((name) => name.endsWith('.json')).sort();
  return await Promise.all(
    names.map(async (name) => ({
      workflowId: name,
      history: historyFromJSON(JSON.parse(change(name, await readFile(new URL(name, fixtures), 'utf8')))),
    })),
  );
}

async function replay(recorded: Awaited<ReturnType<typeof histories>>): Promise<Record<string, string>> {
  const results: Record<string, string> = {};
  for await (const { workflowId, error } of Worker.runReplayHistories({ workflowBundle }, recorded))
    results[workflowId] = error === undefined ? 'same' : error.name;
  return results;
}

it('replays the histories of runs that ended in every way', async () => {
  const recorded = await histories();
  expect(recorded.map(({ workflowId }) => workflowId)).toEqual([
    'bad-data.json',
    'cancelled-while-queued.json',
    'cancelled-while-running.json',
    'continued-as-new.json',
    'elastic.json',
    'failed.json',
    'finished.json',
    'never-starts.json',
    'no-worker-left.json',
    'orchestrator-replaced.json',
    'paused-while-recovering.json',
    'paused.json',
    'scaled-while-queued.json',
    'trainer-died.json',
    'waited-for-slots.json',
    'without-postgres.json',
    'worker-silent.json',
  ]);
  expect(await replay(recorded)).toEqual(Object.fromEntries(recorded.map(({ workflowId }) => [workflowId, 'same'])));
});

it('notices a history that another workflow made', async () => {
  const changed = await histories((_name, text) => text.replaceAll('"openGeneration"', '"openAnother"'));
  const results = await replay(changed.filter(({ workflowId }) => workflowId === 'finished.json'));
  expect(results).toEqual({ 'finished.json': 'DeterminismViolationError' });
});

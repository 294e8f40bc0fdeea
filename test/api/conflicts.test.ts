import { runFileSchema } from '@tributary/config';
import type { ConflictsDocument, RunId, StepMatrix } from '@tributary/protocol';
import { createRun, writeRecords } from '@tributary/run-store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiInstallation } from '../support/api-installation.js';

let here: ApiInstallation;
beforeAll(async () => {
  here = await ApiInstallation.open();
  await known('three', ['pronounce', 'spell', 'stress']);
  await record(
    'three',
    Array.from({ length: 40 }, (_, index) => [matrix(index + 1, 'encoder'), matrix(index + 1, 'embedding', 2)]).flat(),
  );
  await known('untrained', ['pronounce', 'spell']);
  await known('lone', ['spell']);
});
afterAll(() => here.close());

async function known(run: string, tasks: readonly string[]): Promise<void> {
  const spec = runFileSchema.parse({
    experiment: 'known',
    tasks: tasks.map((name) => ({ name, data: { source: 'words', kind: 'spell' } })),
    budget: { steps: 40 },
  });
  await createRun(here.db, { run: run as RunId, experiment: 'known', spec, files: {} });
}

/** Pronounce and spell agree, then conflict from step 21; stress is across to both, and absent at even steps. */
function matrix(step: number, group: string, scale = 1): StepMatrix {
  const cosine = (step <= 20 ? 0.5 : -0.2) * scale;
  return step % 2 === 0
    ? { group, step, tasks: [0, 1], gram: [scale, cosine, scale], coefficients: [0.5, 0.5] }
    : { group, step, tasks: [0, 1, 2], gram: [scale, cosine, 0, scale, 0, scale], coefficients: [0.25, 0.25, 0.5] };
}

async function record(run: string, matrices: readonly StepMatrix[]): Promise<void> {
  const base = { run: run as RunId, attempt: 1, generation: 1, member: 0 };
  await writeRecords(here.db, [{ ...base, kind: 'matrices', matrices }]);
}

async function get(path: string): Promise<{ status: number; body: unknown }> {
  const response = await here.request('GET', `/v1/runs/${path}`);
  return { status: response.status, body: await response.json() };
}

describe('GET /v1/runs/:run/conflicts', () => {
  it('gives every pair, over all steps and by stretch', async () => {
    const { status, body } = await get('three/conflicts?buckets=4');
    expect(status).toBe(200);
    const document = body as ConflictsDocument;
    expect(document).toMatchObject({
      ...{ run: 'three', groups: ['embedding', 'encoder'], group: null, from: 1, to: 40, steps: 40 },
      buckets: [
        { from: 1, to: 10 },
        { from: 11, to: 20 },
        { from: 21, to: 30 },
        { from: 31, to: 40 },
      ],
    });
    expect(document.pairs.map(({ task, other, steps }) => [task, other, steps])).toEqual([
      ['pronounce', 'spell', 40],
      ['pronounce', 'stress', 20],
      ['spell', 'stress', 20],
    ]);
    expect(document.pairs[0]).toMatchObject({ minCosine: expect.closeTo(-0.2, 12), conflictShare: 0.5 });
    expect(document.pairs[0]?.meanCosine).toBeCloseTo(0.15, 12);
    expect(document.pairs[0]?.over.map(({ conflictShare }) => conflictShare)).toEqual([0, 0, 1, 1]);
    expect(document.pairs[1]?.over.map(({ steps, meanCosine }) => [steps, meanCosine])).toEqual([
      [5, 0],
      [5, 0],
      [5, 0],
      [5, 0],
    ]);
  });

  it('can be asked of one group and some steps', async () => {
    const { body } = await get('three/conflicts?group=encoder&from=15&to=24&buckets=2');
    expect(body).toMatchObject({
      ...{ group: 'encoder', from: 15, to: 24, steps: 10 },
      pairs: [{ conflictShare: 0.4, over: [{ steps: 5, conflictShare: 0 }, { conflictShare: 0.8 }] }, {}, {}],
    });
  });

  it.each([
    ['an unknown run', 'nothing/conflicts', 404, 'RUN_NOT_FOUND'],
    ['a run without steps', 'untrained/conflicts', 404, 'NOT_RECORDED'],
    ['a run of one task', 'lone/conflicts', 404, 'NOT_RECORDED'],
    ['steps beyond the run', 'three/conflicts?from=41', 404, 'NOT_RECORDED'],
    ['an unknown group', 'three/conflicts?group=all', 400, 'DATA_INVALID'],
    ['steps the wrong way round', 'three/conflicts?from=5&to=4', 400, 'DATA_INVALID'],
    ['a step that is none', 'three/conflicts?from=one', 400, 'SPEC_INVALID'],
    ['too many stretches', 'three/conflicts?buckets=501', 400, 'SPEC_INVALID'],
    ['an unknown parameter', 'three/conflicts?task=spell', 400, 'SPEC_INVALID'],
  ])('refuses %s', async (_, path, status, code) => {
    expect(await get(path)).toMatchObject({ status, body: { code } });
  });
});

describe('tributary runs conflicts', () => {
  it('shows the pairs, those in conflict first, in 100 columns', async () => {
    const { code, stdout, stderr } = await here.cli(['runs', 'conflicts', 'three', '--group', 'encoder']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n').map((line) => line.trimEnd())).toEqual([
      'Run three: gradients of group encoder, 40 recorded steps from 1 to 40',
      '',
      expect.stringMatching(/^ +tasks +steps +cosine +conflict +steps 1-40 +worst$/),
      expect.stringMatching(/^ +pronounce \/ spell +40 +0\.150 +50\.0% +█{10}▃{10} +-0\.200 at 21-22$/),
      expect.stringMatching(/^ +pronounce \/ stress +20 +0\.000 +0\.0% +▅{20} +0\.000 at 1-2$/),
      expect.stringMatching(/^ +spell \/ stress +20 +0\.000 +0\.0% +▅{20} +0\.000 at 1-2$/),
      '',
      'Each bar is the mean cosine of a stretch of steps: ▁▂▃▄ from -0.500 to 0 (in conflict), ▅▆▇█ from 0 to 0.500',
      'Groups, one with --group: embedding, encoder',
      '',
    ]);
    for (const line of stdout.split('\n').slice(2, 6)) expect(line.length).toBeLessThanOrEqual(100);
  });

  it('prints the document with --json', async () => {
    const { stdout } = await here.cli(['runs', 'conflicts', 'three', '--buckets', '2', '--json']);
    expect(JSON.parse(stdout)).toEqual((await get('three/conflicts?buckets=2')).body);
  });

  it.each([
    ['an unknown run', ['nothing'], 1, 'There is no run "nothing"'],
    ['a run without steps', ['untrained'], 1, "Run untrained has no matrices of its tasks' gradients"],
    ['a run of one task', ['lone'], 1, 'Run lone has the one task "spell", and conflicts are between tasks'],
    ['an unknown group', ['three', '--group', 'all'], 2, 'Run three has no group "all"; it has'],
    ['a step that is none', ['three', '--from', '0'], 2, 'whole number of at least 1'],
    ['steps the wrong way round', ['three', '--from', '9', '--to', '3'], 2, 'Steps from 9 to 3 are none'],
  ])('says in a sentence what is wrong with %s', async (_, args, code, text) => {
    const outcome = await here.cli(['runs', 'conflicts', ...args]);
    expect(outcome).toMatchObject({ code, stdout: '' });
    expect(outcome.stderr).toContain(text);
    expect(outcome.stderr).not.toMatch(/\n\s+at |undefined/);
  });

  it('has its line in runs show, only where tasks were in conflict', async () => {
    const shown = await here.cli(['runs', 'show', 'three']);
    expect(shown.stdout).toContain(
      'Conflicts: pronounce and spell in 50.0% of steps (mean cosine 0.150); all pairs: npx tributary runs conflicts three',
    );
    for (const run of ['lone', 'untrained'])
      expect((await here.cli(['runs', 'show', run])).stdout).not.toContain('Conflicts');
  });
});

import type { RunId } from '@tributary/protocol';
import { endAttempt, setRunState, writeRecords } from '@tributary/run-store';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ApiInstallation, runCli } from '../support/api-installation.js';

let here: ApiInstallation;
let env: Record<string, string>;
beforeAll(async () => {
  here = await ApiInstallation.open();
  env = { TRIBUTARY_API_URL: here.url, TRIBUTARY_API_TOKEN_FILE: `${here.folder}/token` };
});
afterAll(() => here.close());

const progress = (run: RunId, step: number) =>
  ({
    kind: 'progress',
    run,
    attempt: 1,
    generation: 1,
    member: 0,
    phase: 'training',
    step,
    targetSteps: 100,
    losses: { own: 1.5 },
    tokensPerSecond: 1234,
    backend: 'TensorFlow 2.21.0 on cpu, traced',
    members: 1,
  }) as const;

async function runFile(): Promise<string> {
  await here.workers('w1');
  const pairs = Array.from({ length: 300 }, (_, i) => `a b ${i}\tb a ${i % 7}`).join('\n');
  await here.file('own.tsv', `source\ttarget\n${pairs}\n`);
  return await here.file(
    'run.yaml',
    'experiment: watch\ntasks:\n  - name: own\n    data: { source: file, format: tsv, path: own.tsv }\nbudget: { steps: 100 }\n',
  );
}

/** Finishes a run as its workflow would. */
async function finish(run: RunId): Promise<void> {
  await writeRecords(here.db, [
    {
      kind: 'points',
      run,
      attempt: 1,
      generation: 1,
      member: 0,
      timings: [],
      tokens: 0,
      points: [
        { subject: 'task:own', series: 'test.loss', step: 100, value: 0.25 },
        { subject: 'task:own', series: 'test.token_accuracy', step: 100, value: 0.9 },
      ],
    },
    {
      kind: 'samples',
      run,
      attempt: 1,
      generation: 1,
      member: 0,
      step: 100,
      samples: [{ task: 'own' as never, index: 0, source: 'a b 1', generated: 'b a 1', references: ['b a 1'] }],
    },
  ]);
  await endAttempt(here.db, run, 1, { state: 'finished', reason: null });
  await here.publish({ kind: 'state', run, attempt: 1, state: 'finished', reason: null, step: 100 });
}

const runIn = (text: string): RunId | undefined => /Run (watch-\w{8})/.exec(text)?.[1] as RunId | undefined;

it('launch --watch tells the run from its backend to its results', async () => {
  let phase = 0;
  const outcome = await runCli(['launch', await runFile(), '--watch'], env, (text) => {
    const run = runIn(text);
    if (run === undefined) return;
    if (phase === 0) {
      phase = 1;
      void setRunState(here.db, run, { state: 'running', reason: null }).then(() => here.publish(progress(run, 50)));
    }
    if (phase === 1 && text.includes('50/100')) {
      phase = 2;
      void finish(run);
    }
  });
  expect(outcome.stderr).toBe('');
  const lines = outcome.stdout.split('\n');
  const order = [
    /^Run watch-/,
    /^Backend: TensorFlow 2\.21\.0 on cpu, traced; 1 worker$/,
    /^50\/100 {2}50% {2}own 1\.500 {2}1\.2k tokens\/s/,
    /^finished/,
    /Run watch-.* finished: /,
    /^Held-out results/,
    /own +0\.250 +90\.0%/,
    /^Generated examples/,
    /own +a b 1 +b a 1 += +b a 1$/,
    /^Next/,
    /npx tributary resume watch-.* --steps 200 --watch/,
    /^Temporal +http/,
  ];
  let at = -1;
  for (const pattern of order) {
    const found = lines.findIndex((line, index) => index > at && pattern.test(line));
    expect(found, `${pattern} after line ${at} of:\n${outcome.stdout}`).toBeGreaterThan(at);
    at = found;
  }
  expect(outcome.code).toBe(0);
});

it('Ctrl-C detaches, says so, and cancels nothing', async () => {
  let interrupted = false;
  let run: RunId | undefined;
  const outcome = await runCli(['launch', await runFile(), '--watch'], env, (text, pid) => {
    run = runIn(text);
    if (run === undefined || interrupted || !text.includes('queued')) return;
    interrupted = true;
    process.kill(pid, 'SIGINT');
  });
  expect(outcome.code).toBe(0);
  expect(outcome.stdout).toContain(`Detached; run ${run} goes on. Come back with: npx tributary watch ${run}`);
  const history = await here.temporal.workflow.getHandle(run ?? '').fetchHistory();
  expect(history.events?.some((event) => event.workflowExecutionSignaledEventAttributes)).toBe(false);
});

it('--json prints one document a line, the report last', async () => {
  const launched = await here.cli(['launch', await runFile(), '--json']);
  const { run, state } = JSON.parse(launched.stdout) as { run: RunId; state: string };
  expect(state).toBe('queued');
  await setRunState(here.db, run, { state: 'running', reason: null });
  await finish(run);
  const watched = await here.cli(['watch', run, '--json']);
  const documents = watched.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { kind: string });
  expect(documents.map(({ kind }) => kind)).toEqual(['state', 'report']);
  const list = await here.cli(['runs', 'list', '--json', '--state', 'finished', '--limit', '1']);
  expect(JSON.parse(list.stdout)).toMatchObject({ runs: [{ run, state: 'finished' }] });
  const shown = await here.cli(['runs', 'show', run]);
  expect(shown.stdout).toContain('Attempts');
  expect(shown.code).toBe(0);
});

it('a run that fails ends the watch with 1, its reason and the way on', async () => {
  const { run } = JSON.parse((await here.cli(['launch', await runFile(), '--json'])).stdout) as { run: RunId };
  await endAttempt(here.db, run, 1, { state: 'failed', reason: 'the disk is full' });
  const outcome = await here.cli(['watch', run]);
  expect(outcome.code).toBe(1);
  expect(outcome.stdout).toContain('Reason: the disk is full');
  expect(outcome.stdout).toContain(`npx tributary resume ${run} --watch`);
});

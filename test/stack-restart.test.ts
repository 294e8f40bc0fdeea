import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunDocument } from '@tributary/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from './support/api-installation.js';
import { fastFiles, fastRun } from './support/fast-run.js';

/** Slow enough that commands come in the middle. */
const steps = 2000;

/** A stack of its own, led as its user leads it: by the command line alone. */
describe('a stack that is stopped and started again', () => {
  let folder: string;
  let env: Record<string, string>;
  let undisturbed: RunDocument;

  const tributary = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await runCli(args, env);
    if (code !== 0) throw new Error(`tributary ${args.join(' ')} ended with ${code}:\n${stdout}\n${stderr}`);
    return stdout;
  };
  const json = async <T>(...args: string[]): Promise<T> => JSON.parse(await tributary(...args, '--json')) as T;
  const show = (run: string) => json<RunDocument>('runs', 'show', run);
  const launch = async (experiment: string): Promise<string> => {
    const spec = {
      ...{ ...fastRun, experiment, workers: { min: 1, max: 2 }, budget: { steps } },
      ...{ checkpoints: { every: 100, keep: 10 }, batch: { size: 128 }, evaluation: { every: 1000, samples: 0 } },
    };
    await writeFile(join(folder, `${experiment}.json`), JSON.stringify(spec));
    return (await json<{ run: string }>('launch', join(folder, `${experiment}.json`))).run;
  };
  const untilStep = async (run: string, wanted: number): Promise<void> => {
    for (;;) {
      const { step, state } = await show(run);
      if (step >= wanted) return;
      expect(['queued', 'running']).toContain(state);
    }
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tributary-restart-'));
    for (const name of ['reverse.jsonl', 'double.jsonl'] as const) await writeFile(join(folder, name), fastFiles[name]);
    // What was built for the other tests serves here too; everything else is this test's.
    const { XDG_CACHE_HOME, TRIBUTARY_CACHE_DIR } = process.env;
    env = {
      ...(XDG_CACHE_HOME === undefined ? {} : { XDG_CACHE_HOME }),
      ...(TRIBUTARY_CACHE_DIR === undefined ? {} : { TRIBUTARY_CACHE_DIR }),
      ...{ XDG_DATA_HOME: join(folder, 'data'), XDG_STATE_HOME: join(folder, 'state'), TRIBUTARY_STACK: 'restart' },
    };
    await tributary('up', '--workers', '2');
    const run = await launch('undisturbed');
    await tributary('watch', run);
    undisturbed = await show(run);
    expect(undisturbed).toMatchObject({ state: 'finished', step: steps });
  }, 300_000);
  afterAll(async () => {
    await tributary('down', '--purge');
    await rm(folder, { recursive: true, force: true });
  }, 60_000);

  it('resumes what was paused, on fewer workers, to the same state', async () => {
    const run = await launch('paused');
    await untilStep(run, 5);
    await tributary('pause', run);
    await expect.poll(() => show(run), { timeout: 60_000 }).toMatchObject({ state: 'paused' });
    const paused = await show(run);
    await tributary('down');
    await tributary('up', '--workers', '1');
    expect(await show(run)).toMatchObject({ state: 'paused', step: paused.step });
    await tributary('resume', run, '--watch');
    const resumed = await show(run);
    expect(resumed).toMatchObject({ state: 'finished', attempt: 2, stateHash: undisturbed.stateHash });
    expect(resumed.generations.at(-1)).toMatchObject({ resumeStep: paused.step, members: [{ lanes: [0, 1, 2] }] });
  }, 300_000);

  it('forks from a run file on disk whose data the parent has', async () => {
    const { run } = undisturbed;
    const file = join(folder, 'undisturbed.json');
    const fork = await json<{ run: string }>('fork', run, '--step', '1900', '--file', file);
    await tributary('watch', fork.run);
    expect(await show(fork.run)).toMatchObject({ parent: { run, step: 1900 }, stateHash: undisturbed.stateHash });
  }, 120_000);

  it('goes on by itself with what was training, to the same state', async () => {
    const run = await launch('training');
    await untilStep(run, 5);
    await tributary('down');
    await tributary('up', '--workers', '1');
    await tributary('watch', run);
    expect(await show(run)).toMatchObject({ state: 'finished', attempt: 1, stateHash: undisturbed.stateHash });
  }, 300_000);
});

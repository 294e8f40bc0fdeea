import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { exclusively } from './exclusive.js';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'tributary-lock-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

it('lets one work at a time, says that it waits, and hands the lock on after a failure', async () => {
  const lockFile = join(root, 'a', 'lock');
  const said: string[] = [];
  let inside = 0;
  let most = 0;
  const work = async (fails: boolean): Promise<void> => {
    inside += 1;
    most = Math.max(most, inside);
    await new Promise(setImmediate);
    inside -= 1;
    if (fails) throw new Error('work failed');
  };
  const options = { waiting: 'waiting', report: (line: string) => said.push(line), timeoutMs: 20_000 };
  const outcomes = await Promise.allSettled(
    [true, false, false].map((fails) => exclusively(lockFile, options, () => work(fails))),
  );
  expect(most).toBe(1);
  expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(1);
  expect(new Set(said)).toEqual(new Set(['waiting']));
});

it('names the lock when the holder does not finish', async () => {
  const lockFile = join(root, 'b');
  let finish = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const entered = new Promise<void>((resolve) => {
    void exclusively(lockFile, { waiting: '', timeoutMs: 0 }, () => {
      resolve();
      return held;
    });
  });
  await entered;
  await expect(exclusively(lockFile, { waiting: '', timeoutMs: 300 }, async () => undefined)).rejects.toThrow(
    /Another process has held .*\/b for 0 s/,
  );
  finish();
});

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const run = promisify(execFile);

// What the benchmarks of training share, on the smallest of them: the figures are no part of the suite.
it('trains without an installation, to the end', async () => {
  const out = await mkdtemp(join(tmpdir(), 'tributary-bench-'));
  try {
    const script = fileURLToPath(new URL('bench/study-combiners.mjs', import.meta.url));
    const small = ['--seeds', '1', '--methods', 'stress alone', '--steps', '3', '--hidden', '8', '--batch', '4'];
    await run(process.execPath, [script, ...small, '--out', out]);
    const { runs } = JSON.parse(await readFile(join(out, 'combiners.json'), 'utf8')) as {
      readonly runs: readonly { readonly scores: { readonly stress: number }; readonly state_hash: string }[];
    };
    expect(runs).toHaveLength(1);
    expect(runs[0]?.scores.stress).toBeGreaterThan(0);
    expect(runs[0]?.state_hash).toMatch(/^[0-9a-f]{64}$/);
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}, 300_000);

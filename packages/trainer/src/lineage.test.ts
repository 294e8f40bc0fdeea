import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { runFileSchema } from '@tributary/config';
import type { PreparedRun } from '@tributary/protocol';
import { expect, it } from 'vitest';
import { lineageOf } from './lineage.js';

it('tells commit, lock file, versions, machine and data by their hashes', async () => {
  const split = (sha256: string) => ({ key: `data/${sha256}`, sha256, examples: 1 });
  const prepared = {
    sources: { 'npm:dictionary': '3.0.0 sha256:d' },
    tasks: { spell: { splits: { train: split('a'), validation: split('b'), test: split('c') } } },
  } as unknown as PreparedRun;
  const spec = runFileSchema.parse({
    experiment: 'words',
    tasks: [{ name: 'spell', data: { source: 'words', kind: 'spell' } }],
    budget: { steps: 1 },
  });
  const lock = await readFile(new URL('../../../package-lock.json', import.meta.url));
  expect(await lineageOf(prepared, spec)).toMatchObject({
    commit: expect.stringMatching(/^([0-9a-f]{40}(-dirty)?|unknown)$/),
    'package-lock.sha256': createHash('sha256').update(lock).digest('hex'),
    node: process.version,
    'package.@tensorflow/tfjs': expect.stringMatching(/^\d+\.\d+\.\d+$/),
    platform: `${process.platform} ${process.arch}`,
    processor: expect.stringMatching(/./),
    'data.npm:dictionary': '3.0.0 sha256:d',
    'data.spell.train.sha256': 'a',
    'data.spell.test.sha256': 'c',
    seed: '1',
  });
});

import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { corpusOrigin } from '@tributary/datasets';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type CorpusProvenance,
  isWhole,
  listCorpora,
  readCorpus,
  requireCorpusFile,
  writeCorpus,
} from './corpus-folder.js';
import { readCorpusPairs } from './read-pairs.js';

const provenance: CorpusProvenance = {
  corpus: 'chitchat',
  version: 'chitchat-dataset 0.9.0',
  sha256: 'a'.repeat(64),
  fetchedAt: '2026-01-01T00:00:00.000Z',
  origin: [{ name: 'a.whl', sha256: 'a'.repeat(64), sizeBytes: 3 }],
  verified: 'by its hash',
  licence: 'MIT',
  filters: ['none'],
};
const paired = (target: string) => ({
  pairs: {
    reply: [
      { source: 'how are\u2028you "x"', target, group: 'c1' },
      { source: 'ü', target, group: 'c1' },
    ],
  },
  counts: { conversations: 1 },
});

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'corpora-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

describe('a corpus folder', () => {
  it('is written with its document, found, and replaced whole', async () => {
    expect(await readCorpus(root, 'chitchat')).toBeNull();
    expect(await listCorpora(root)).toEqual([]);
    await writeCorpus(root, paired('old'), provenance);
    const document = await writeCorpus(root, paired('fine'), provenance);
    expect(await readCorpus(root, 'chitchat')).toEqual(document);
    expect(await listCorpora(root)).toEqual([document]);
    expect(await isWhole(root, document)).toBe(true);
    expect(await readdir(root)).toEqual(['chitchat']);
    const bytes = await readFile(await requireCorpusFile(root, 'chitchat', 'reply.jsonl'));
    expect(document.pairs.reply).toEqual({
      file: 'reply.jsonl',
      sha256: createHash('sha256').update(bytes).digest('hex'),
      sizeBytes: bytes.byteLength,
      pairs: 2,
      groups: 1,
    });
    expect(await readCorpusPairs(root, 'chitchat', 'reply')).toEqual(paired('fine').pairs.reply);
  });

  it('is not seen while it is made, and is not whole when a file was cut', async () => {
    const document = await writeCorpus(root, paired('fine'), provenance);
    // What a process that was killed leaves.
    await rm(join(root, 'chitchat'), { recursive: true });
    await writeFile(join(root, 'chitchat.making'), '');
    expect(await readCorpus(root, 'chitchat')).toBeNull();
    await expect(requireCorpusFile(root, 'chitchat', 'reply.jsonl')).rejects.toThrow(
      'bring it with: npx tributary data fetch chitchat',
    );
    await writeCorpus(root, paired('fine'), provenance);
    expect(await isWhole(root, document)).toBe(true);
    await truncate(join(root, 'chitchat', 'reply.jsonl'), 5);
    expect(await isWhole(root, document)).toBe(false);
  });

  it('gives a run its version and hash, and refuses pairs that are not its own', async () => {
    const document = await writeCorpus(root, paired('fine'), provenance);
    const bytes = await readFile(join(root, 'chitchat', 'corpus.json'));
    const data = {
      source: 'corpus',
      corpus: 'chitchat',
      pairs: 'reply',
      tokens: { source: 'whitespace', target: 'whitespace' },
    } as const;
    const origin = (sha256: string | undefined) =>
      corpusOrigin(bytes, data, { 'file:corpus:chitchat/reply.jsonl': `sha256:${sha256}` });
    expect(origin(document.pairs.reply?.sha256)).toBe(`chitchat-dataset 0.9.0 sha256:${'a'.repeat(64)}`);
    expect(() => origin('b'.repeat(64))).toThrow(/changed after they were fetched.*data fetch chitchat --again/);
    expect(() => corpusOrigin(Buffer.from('{}'), data, {})).toThrow(/fetch the corpus again/);
  });
});

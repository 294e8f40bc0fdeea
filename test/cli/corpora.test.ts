import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeCorpus } from '@tributary/corpora';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ApiInstallation, type Outcome } from '../support/api-installation.js';

let here: ApiInstallation;
let data: string;
beforeAll(async () => {
  here = await ApiInstallation.open();
});
afterAll(() => here.close());
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'tributary-data-'));
});
afterEach(() => rm(data, { recursive: true }));

const cli = (args: readonly string[], env: Record<string, string> = {}): Promise<Outcome> =>
  here.cli(args, { XDG_DATA_HOME: data, TRIBUTARY_CACHE_DIR: join(data, 'cache'), ...env });
const root = () => join(data, 'tributary', 'corpora');

const runFile = `experiment: talk
tasks:
  - name: reply
    data: { source: corpus, corpus: chitchat, pairs: reply }
splits: { validation: 0.2, test: 0.2 }
budget: { steps: 1 }
`;

/** A corpus of our own making in the place of a fetched one. */
const made = () =>
  writeCorpus(
    root(),
    {
      pairs: {
        reply: Array.from({ length: 200 }, (_, i) => ({ source: `hi ${i}`, target: `ho ${i}`, group: `c${i % 50}` })),
      },
      counts: { conversations: 50 },
    },
    {
      corpus: 'chitchat',
      version: 'chitchat-dataset 0.0.0',
      sha256: 'a'.repeat(64),
      fetchedAt: '2026-01-01T00:00:00.000Z',
      origin: [],
      verified: 'made by a test',
      licence: 'none: made by a test',
      filters: [],
    },
  );

describe('tributary data', () => {
  it('list says what is here, with counts, and how to bring what is not', async () => {
    const empty = await cli(['data', 'list']);
    expect(empty).toMatchObject({ code: 0, stderr: '' });
    for (const name of ['debian', 'chitchat']) expect(empty.stdout).toContain(`npx tributary data fetch ${name}`);
    const document = await made();
    const listed = await cli(['data', 'list', '--json']);
    expect(JSON.parse(listed.stdout)).toEqual({ folder: root(), corpora: [document] });
    const { stdout } = await cli(['data', 'list']);
    expect(stdout).toMatch(/chitchat +reply +200 +50 .*chitchat-dataset 0\.0\.0/);
    expect(stdout).toContain('npx tributary data fetch debian');
    expect(stdout).not.toContain('data fetch chitchat');
  });

  it('fetch leaves a corpus that is here as it is, and says its licence', async () => {
    await made();
    const { code, stdout } = await cli(['data', 'fetch', 'chitchat']);
    expect(code).toBe(0);
    expect(stdout).toContain('none: made by a test');
    expect(stdout).toMatch(/It was here already.*--again/);
  });

  it('fetch without apt names the ways around it, and nothing is left in place of the corpus', async () => {
    const { code, stderr } = await cli(['data', 'fetch', 'debian'], { PATH: '/nowhere' });
    expect(code).toBe(1);
    expect(stderr).toMatch(/no apt-get on this system.*copy the folder corpora\/debian.*format: jsonl/);
    expect((await cli(['data', 'list', '--json'])).stdout).toBe(`${JSON.stringify({ folder: root(), corpora: [] })}\n`);
  });

  it('fetch knows two corpora', async () => {
    const { code, stderr } = await cli(['data', 'fetch', 'wikipedia']);
    expect(code).toBe(2);
    expect(stderr).toContain('debian, chitchat');
  });
});

describe('a run on a corpus', () => {
  it('is refused with the command that brings the corpus, where it is not here', async () => {
    await here.workers('w1');
    const path = await here.file('talk.yaml', runFile);
    const before = await here.written();
    for (const verb of ['validate', 'launch']) {
      const outcome = await cli([verb, path]);
      expect(outcome).toMatchObject({ code: 2, stdout: '' });
      expect(outcome.stderr).toContain('bring it with: npx tributary data fetch chitchat');
    }
    expect(await here.written()).toEqual(before);
  });

  it('uploads pairs and document by their hash, once', async () => {
    await here.workers('w1');
    const document = await made();
    const path = await here.file('talk.yaml', runFile);
    const before = await here.written();
    const launched = JSON.parse((await cli(['launch', path, '--json'])).stdout) as { run: string };
    const { files } = await here.db
      .selectFrom('runs')
      .select('files')
      .where('run', '=', launched.run as never)
      .executeTakeFirstOrThrow();
    expect(files).toEqual({
      'corpus:chitchat/reply.jsonl': `data/${document.pairs.reply?.sha256}`,
      'corpus:chitchat/corpus.json': expect.stringMatching(/^data\/[0-9a-f]{64}$/),
    });
    expect((await cli(['launch', path])).code).toBe(0);
    expect((await here.written()).objects).toBe((before.objects ?? 0) + 2);
  });

  it('is refused where the pairs were changed after they were fetched', async () => {
    await made();
    await appendFile(join(root(), 'chitchat', 'reply.jsonl'), '{"source":"a","target":"b","group":"c"}\n');
    const outcome = await cli(['validate', await here.file('talk.yaml', runFile)]);
    expect(outcome.code).toBe(2);
    expect(outcome.stderr).toMatch(/changed after they were fetched.*data fetch chitchat --again/);
  });
});

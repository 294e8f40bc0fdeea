import { createHash } from 'node:crypto';
import { type RunFileInput, runFileSchema } from '@tributary/config';
import { describe, expect, it } from 'vitest';
import { decodeSplit } from './encoded-split.js';
import { hashedSplit, splitNames } from './hashed-split.js';
import { buildData } from './prepare-run.js';
import { decodeIds, textCodec } from './text-codec.js';
import { trainedDocument } from './tokenizers/open-tokenizer.js';
import { PieceCounts } from './tokenizers/piece-counts.js';

const shares = { validation: 0.2, test: 0.2 };

interface Row {
  readonly source: string;
  readonly target: string;
  readonly group: string;
}

const jsonl = (rows: readonly Row[]): Uint8Array =>
  new TextEncoder().encode(rows.map((row) => JSON.stringify(row)).join('\n'));
const fileTask = (name: string, data: object = {}): RunFileInput['tasks'][number] => ({
  name,
  data: { source: 'file', format: 'jsonl', path: `${name}.jsonl`, columns: { group: 'group' }, ...data } as never,
});
const build = async (tasks: RunFileInput['tasks'], files: Readonly<Record<string, Uint8Array>>) => {
  const spec = runFileSchema.parse({ experiment: 'e', tasks, splits: shares, budget: { steps: 1 } });
  return await buildData(spec, async (path) => files[path] as Uint8Array);
};
type Built = Awaited<ReturnType<typeof build>>;

/** Sources by split, over all tasks. */
function sourcesBySplit(built: Built): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  const codec = textCodec({ vocabulary: built.sourceVocabulary, split: 'whitespace', join: ' ' });
  for (const task of Object.values(built.tasks))
    for (const name of splitNames) {
      const split = decodeSplit(task.splits[name].bytes);
      for (let i = 0; i < split.length; i++) {
        // Held-out words are no part of the vocabulary: the first symbol of a source, which all splits know, names its group.
        const text = decodeIds(codec, split.example(i).source);
        found.set(name, (found.get(name) ?? new Set()).add(text));
      }
    }
  return found;
}

/** A group as digits, which all splits have in common. */
const digits = (group: number): string => String(group).padStart(3, '0').split('').join(' ');

describe('columns.group', () => {
  it('keeps every group in one split over all tasks of a run, whatever the texts', async () => {
    const rows = (task: string, times: number): Row[] =>
      Array.from({ length: 200 * times }, (_, i) => ({
        source: `${digits(i % 200)} ${'x '.repeat(1 + (i % 3))}${task}`,
        target: `t${i % 5}`,
        group: `group-${i % 200}`,
      }));
    const built = await build([fileTask('one'), fileTask('two')], {
      'one.jsonl': jsonl(rows('a', 3)),
      'two.jsonl': jsonl(rows('b', 2)),
    });
    const groups = new Map<string, Set<string>>();
    for (const [split, sources] of sourcesBySplit(built))
      for (const source of sources) {
        const group = source.slice(0, 5);
        groups.set(group, (groups.get(group) ?? new Set()).add(split));
      }
    expect(groups.size).toBe(200);
    for (let group = 0; group < 200; group++)
      expect(groups.get(digits(group))).toEqual(new Set([hashedSplit(`group-${group}`, shares)]));
    for (const name of splitNames) expect(built.tasks.two?.splits[name].examples).toBeGreaterThan(0);
  });

  it('leaves a source that groups of several splits share in that of the first of them alone', async () => {
    const groupsOf = (wanted: string): string[] =>
      Array.from({ length: 60 }, (_, i) => `g${i}`).filter((group) => hashedSplit(group, shares) === wanted);
    const [train, validation, test] = [groupsOf('train'), groupsOf('validation'), groupsOf('test')];
    const first = [...train, ...validation, ...test].sort()[0] as string;
    const own = [...train, ...validation, ...test].map((group, i) => ({ source: `own ${i}`, target: 't', group }));
    const shared = [train[0], test[0], validation[0], first].map((group, i) => ({
      source: 'own shared',
      target: `t ${i}`,
      group: group as string,
    }));
    const built = await build([fileTask('one')], { 'one.jsonl': jsonl([...own, ...shared]) });
    const home = hashedSplit(first, shares);
    for (const name of splitNames) {
      const of = { train, validation, test }[name].length;
      expect(built.tasks.one?.splits[name].examples).toBe(of + (name === home ? 1 : 0));
    }
  });

  it('trains a tokenizer on the texts that lie in the training split alone', async () => {
    const groups = Array.from({ length: 60 }, (_, i) => `g${i}`);
    const trained = groups.filter((group) => hashedSplit(group, shares) === 'train');
    const [held] = groups.filter(
      (group) => hashedSplit(group, shares) !== 'train' && group < (trained.at(-1) as string),
    );
    const own = groups.map((group) => ({ source: `the text of ${group}`, target: 't', group }));
    // The held-out group comes first by its name, so that the text is lost to the training split.
    const shared = [held, trained.at(-1), trained.at(-1)].map((group, i) => ({
      ...{ source: 'qqqqqqqq '.repeat(6), target: `t ${i}` },
      group: group as string,
    }));
    const bpe = { kind: 'bpe', vocabulary: 400, name: 'shared' };
    const built = await build([fileTask('one', { tokens: { source: bpe } })], {
      'one.jsonl': jsonl([...own, ...shared]),
    });
    const pieces = new PieceCounts();
    for (const { source, group } of own) if (trained.includes(group)) pieces.add(source);
    expect(Buffer.from(built.tasks.one?.sourceTokenizer?.document ?? [])).toEqual(
      Buffer.from(trainedDocument(pieces, 400)),
    );
  });

  it("refuses a group that the user's files put into two splits, within a task and between tasks", async () => {
    const rows = (groups: readonly string[]): Uint8Array =>
      jsonl(groups.map((group, i) => ({ source: `${group} ${i}`, target: 't', group })));
    const held = { validation: 'v.jsonl', test: 't.jsonl' };
    await expect(
      build([fileTask('one', held)], {
        'one.jsonl': rows(['a', 'b']),
        'v.jsonl': rows(['c']),
        't.jsonl': rows(['b']),
      }),
    ).rejects.toThrow(/group "b" lies in train of task "one" and in test of it/);
    await expect(
      build([fileTask('one', held), fileTask('two', { validation: 'w.jsonl', test: 'u.jsonl' })], {
        'one.jsonl': rows(['a']),
        'v.jsonl': rows(['b']),
        't.jsonl': rows(['c']),
        'two.jsonl': rows(['c']),
        'w.jsonl': rows(['d']),
        'u.jsonl': rows(['e']),
      }),
    ).rejects.toThrow(
      /group "c" lies in test of task "one" and in train of task "two".*held-out data would be trained on/,
    );
  });
});

describe('a corpus', () => {
  it('is read as the file that it is, with its version in the lineage', async () => {
    const pairs = jsonl(
      Array.from({ length: 100 }, (_, i) => ({ source: `s ${i}`, target: `t ${i}`, group: `g${i}` })),
    );
    const hash = createHash('sha256').update(pairs).digest('hex');
    const document = {
      format: 'tributary-corpus/1',
      corpus: 'debian',
      version: 'Debian one of 2026-01-01',
      sha256: 'a'.repeat(64),
      fetchedAt: '2026-01-01T00:00:00.000Z',
      origin: [],
      verified: 'v',
      licence: 'l',
      filters: [],
      counts: {},
      pairs: {
        summarise: { file: 'summarise.jsonl', sha256: hash, sizeBytes: pairs.byteLength, pairs: 100, groups: 100 },
      },
    };
    const files = {
      'corpus:debian/summarise.jsonl': pairs,
      'corpus:debian/corpus.json': new TextEncoder().encode(JSON.stringify(document)),
    };
    const task = { name: 'a', data: { source: 'corpus', corpus: 'debian', pairs: 'summarise' } } as const;
    const built = await build([task], files);
    expect(built.sources).toEqual({
      'file:corpus:debian/summarise.jsonl': `sha256:${hash}`,
      'corpus:debian': `Debian one of 2026-01-01 sha256:${'a'.repeat(64)}`,
    });
    const train = Array.from({ length: 100 }, (_, i) => `g${i}`).filter((g) => hashedSplit(g, shares) === 'train');
    expect(built.tasks.a?.splits.train.examples).toBe(train.length);
  });
});

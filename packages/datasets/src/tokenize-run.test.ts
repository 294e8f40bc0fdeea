import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type RunFile, type RunFileInput, runFileSchema } from '@tributary/config';
import { dataKey, type ObjectStore, type RunId, TributaryError } from '@tributary/protocol';
import { describe, expect, it } from 'vitest';
import { decodeSplit } from './encoded-split.js';
import type { SplitName } from './hashed-split.js';
import { type BuiltTask, buildData, prepareRun } from './prepare-run.js';
import { decodeIds, textCodec } from './text-codec.js';
import { randomTexts } from './tokenizers/random-unicode.fixture.js';
import { reference } from './tokenizers/reference.fixture.js';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const license = readFileSync(new URL('../../../LICENSE', import.meta.url), 'utf8').match(/\S[^.;]+[.;]/g) ?? [];
const jsonl = (pairs: readonly (readonly [string, string])[]): Uint8Array =>
  new TextEncoder().encode(pairs.map(([source, target]) => JSON.stringify({ source, target })).join('\n'));
const sentences = [...new Set(license.map((text) => text.replace(/\s+/g, ' ')))].map(
  (text) => [text, text.slice(0, 20)] as const,
);

const task = (name: string, tokens: object, data: object = {}) =>
  ({
    name,
    data: { source: 'file', format: 'jsonl', path: 'p.jsonl', tokens, ...data },
  }) as RunFileInput['tasks'][number];
const shared = { kind: 'bpe', vocabulary: 400, name: 'en' };
const specOf = (tasks: RunFileInput['tasks'], rest: Partial<RunFileInput> = {}): RunFile =>
  runFileSchema.parse({
    experiment: 'e',
    tasks,
    budget: { steps: 1 },
    splits: { validation: 0.2, test: 0.2 },
    lengths: { source: 4096, target: 4096 },
    ...rest,
  });
const build = (spec: RunFile, files: Readonly<Record<string, Uint8Array>> = { 'p.jsonl': jsonl(sentences) }) =>
  buildData(spec, async (path) => files[path] as Uint8Array);
const taskOf = (tasks: Readonly<Record<string, BuiltTask>>, name: string): BuiltTask => tasks[name] as BuiltTask;

/** The sources of a split as text. */
function sourcesOf({ splits, sourceTokenizer }: BuiltTask, name: SplitName): string[] {
  const codec = textCodec({ vocabulary: [], split: 'tokenizer', join: '', document: sourceTokenizer?.document });
  const split = decodeSplit(splits[name].bytes);
  return Array.from({ length: split.length }, (_, index) => decodeIds(codec, split.source(index)));
}

describe('the tokenizers of a run', () => {
  it('are shared under one name, else each side has its own, and all text comes back', async () => {
    const spec = specOf([
      task('a', { source: shared, target: shared }),
      task('b', { source: shared, target: { kind: 'bpe', vocabulary: 300 } }),
      task('c', { source: shared, target: 'bytes' }),
    ]);
    const { tasks, sourceVocabulary, sources } = await build(spec);
    const [a, b, c] = ['a', 'b', 'c'].map((name) => taskOf(tasks, name)) as [BuiltTask, BuiltTask, BuiltTask];
    expect(a.sourceTokenizer?.sha256).toBe(b.sourceTokenizer?.sha256);
    expect(a.targetTokenizer?.sha256).toBe(a.sourceTokenizer?.sha256);
    expect([a, b, c].map(({ targetVocabulary }) => targetVocabulary.length)).toEqual([400, 300, 260]);
    expect(sourceVocabulary).toBe(a.sourceTokenizer?.vocabulary);
    expect(a).toMatchObject({ sourceSplit: 'tokenizer', targetSplit: 'tokenizer', sourceJoin: '', targetJoin: '' });
    expect(sources['tokenizer:en']).toBe(`sha256:${a.sourceTokenizer?.sha256} (400 symbols)`);
    expect(sources['tokenizer:b.target']).toBe(`sha256:${b.targetTokenizer?.sha256} (300 symbols)`);
    const all = (['train', 'validation', 'test'] as const).flatMap((name) => sourcesOf(a, name));
    expect(all.toSorted()).toEqual(sentences.map(([source]) => source).toSorted());
  });

  it('can be the joint vocabulary', async () => {
    const spec = specOf([task('a', { source: shared, target: shared })], { model: { embedding: { share: 'all' } } });
    const { tasks, sourceVocabulary } = await build(spec);
    expect(taskOf(tasks, 'a').targetVocabulary).toBe(sourceVocabulary);
    expect(sourceVocabulary.length).toBe(400);
  });

  it('learn from the training split alone, and again the same', async () => {
    const spec = specOf([task('a', { source: shared }, { validation: 'v.jsonl', test: 'v.jsonl' })]);
    const held = (text: string) => ({ 'p.jsonl': jsonl(sentences), 'v.jsonl': jsonl([[text, 'x']]) });
    const one = taskOf((await build(spec, held('held out'))).tasks, 'a');
    const other = taskOf((await build(spec, held('wholly different '.repeat(200)))).tasks, 'a');
    expect(other.sourceTokenizer?.sha256).toBe(one.sourceTokenizer?.sha256);
    const hashed = specOf([task('a', { source: shared })]);
    const trained = taskOf((await build(hashed)).tasks, 'a');
    const only = taskOf(
      (await build(spec, { ...held('x'), 'p.jsonl': jsonl(sourcesOf(trained, 'train').map((text) => [text, 'x'])) }))
        .tasks,
      'a',
    );
    expect(only.sourceTokenizer?.sha256).toBe(trained.sourceTokenizer?.sha256);
  });

  it('put sources that are alike once they are truncated into one split', async () => {
    const heads = randomTexts(60).map((text, index) => `${index} ${text}`);
    const pairs = heads.flatMap((head) =>
      ['one', 'two', 'three'].map((tail) => [`${head}${'-'.repeat(300)} ${tail}`, 'x'] as const),
    );
    const lengths = { source: 60, overlong: 'truncate' } as const;
    const spec = specOf([task('a', { source: { kind: 'bpe', vocabulary: 260 } })], { lengths });
    const built = taskOf((await build(spec, { 'p.jsonl': jsonl(pairs) })).tasks, 'a');
    const splits = (['train', 'validation', 'test'] as const).map((name) => sourcesOf(built, name));
    expect(splits.flat().length).toBe(heads.length);
    expect(new Set(splits.flat()).size).toBe(heads.length);
  });

  it('may be files of others, with their hash in the lineage', async () => {
    const document = new TextEncoder().encode(JSON.stringify(reference.others.wordpiece.document));
    const files = { 'p.jsonl': jsonl(sentences), 't/tokenizer.json': document };
    const tokens = { kind: 'file', path: 't/tokenizer.json' };
    const { tasks, sources, sourceVocabulary } = await build(
      specOf([task('a', { source: tokens, target: tokens })]),
      files,
    );
    expect(sources['file:t/tokenizer.json']).toBe(`sha256:${sha256(document)}`);
    expect(taskOf(tasks, 'a').sourceTokenizer?.document).toBe(document);
    expect(sourceVocabulary.slice(3, 6)).toEqual(['<unk>', '[PAD]', '[UNK]']);
    const small = specOf([task('a', { source: tokens })], { vocabulary: { limit: 100 } });
    await expect(build(small, files)).rejects.toThrow(
      /^t\/tokenizer.json has \d+ symbols \(4 special ones included\), more than vocabulary.limit of 100: raise vocabulary.limit/,
    );
    const blank = { ...files, 'p.jsonl': jsonl([...sentences, ['\u0001\u200b', 'x']]) };
    await expect(build(specOf([task('a', { source: tokens })]), blank)).rejects.toThrow(
      `p.jsonl line ${sentences.length + 1}: the source has no symbols for its tokenizer`,
    );
    await expect(
      build(specOf([task('a', { source: tokens })]), { ...files, 't/tokenizer.json': Uint8Array.of(1) }),
    ).rejects.toThrow(/^t\/tokenizer.json is not JSON/);
  });

  it('refuse half of a surrogate pair by its line', async () => {
    const half = jsonl([...sentences, ['a \ud800', 'x']]);
    const building = build(specOf([task('a', { source: 'bytes' })]), { 'p.jsonl': half });
    await expect(building).rejects.toThrow(
      `p.jsonl line ${sentences.length + 1}: the source holds half of a surrogate`,
    );
  });

  it('lie in the object store beside the splits, under their hash', async () => {
    const bytes = new Map([['data/up', jsonl(sentences)]]);
    const objects: ObjectStore = {
      put: async (key, value) => void bytes.set(key, value as Uint8Array<ArrayBuffer>),
      get: async (key) => {
        const found = bytes.get(key);
        if (found === undefined) throw new TributaryError('OBJECT_NOT_FOUND', key);
        return found;
      },
      has: async (key) => bytes.has(key),
      delete: async (key) => void bytes.delete(key),
      list: async (prefix) => [...bytes.keys()].filter((key) => key.startsWith(prefix)),
    };
    const spec = specOf([task('a', { source: shared, target: 'characters' })]);
    const prepared = await prepareRun({ run: 'e-1' as RunId, spec, files: { 'p.jsonl': 'data/up' } }, { objects });
    const { sourceTokenizer, targetTokenizer } = prepared.tasks.a ?? {};
    if (sourceTokenizer === undefined) throw new Error('no tokenizer');
    expect(targetTokenizer).toBeUndefined();
    expect(sourceTokenizer.key).toBe(dataKey(sourceTokenizer.sha256));
    expect(sha256(await objects.get(sourceTokenizer.key))).toBe(sourceTokenizer.sha256);
    expect(JSON.parse(JSON.stringify(prepared))).toEqual(prepared);
  });
});

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { RunFileInput } from '@tributary/config';
import { openTokenizer } from '@tributary/datasets';
import type { PreparedRun } from '@tributary/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Installation, openInstallation } from './support/installation.js';
import { openTrainingGround, type TrainedGeneration, type TrainingGround } from './support/training-ground.js';

const sentences = readFileSync(new URL('../LICENSE', import.meta.url), 'utf8')
  .split(/[.;:]\s/)
  .map((text) => text.trim().replace(/\s+/g, ' '))
  .filter((text) => text.length > 12);
const pairs = (targetOf: (words: readonly string[]) => string): string =>
  sentences.map((source) => JSON.stringify({ source, target: targetOf(source.split(' ')) })).join('\n');
const files = {
  'first.jsonl': pairs((words) => words.slice(0, 4).join(' ')),
  'last.jsonl': pairs((words) => words.slice(-4).join(' ')),
};

const shared = { kind: 'bpe', vocabulary: 320, name: 'license' } as const;
const task = (name: string, path: string, tokens: object) => ({
  ...{ name, data: { source: 'file', format: 'jsonl', path, tokens } },
});
const runOf = (tokens: object, rest: Partial<RunFileInput> = {}): RunFileInput =>
  ({
    experiment: 'pieces',
    seed: 5,
    model: { embedding: { size: 16, share: 'all' }, encoder: { hidden: 24 }, generator: { hidden: 24 } },
    tasks: [{ ...task('first', 'first.jsonl', tokens), replicas: 2 }, task('last', 'last.jsonl', tokens)],
    splits: { validation: 0.1, test: 0.1 },
    optimizer: { kind: 'adam', learningRate: 0.01 },
    batch: { size: 8 },
    lengths: { source: 60, target: 24, overlong: 'truncate', buckets: 1 },
    checkpoints: { every: 4, keep: 10 },
    evaluation: { every: 4, examples: 8, samples: 2 },
    budget: { steps: 8 },
    ...rest,
  }) as RunFileInput;

describe('a run on byte pairs that both sides of all tasks share', () => {
  let ground: TrainingGround;
  let alone: TrainedGeneration;
  let run: Awaited<ReturnType<TrainingGround['prepare']>>;
  beforeAll(async () => {
    ground = await openTrainingGround(['a', 'b']);
    run = await ground.prepare(runOf({ source: shared, target: shared }), files);
    alone = await ground.conclude(await ground.open(run, { a: [0, 1, 2] }));
  }, 300_000);
  afterAll(() => ground.close());

  const hashes = ({ records }: TrainedGeneration, generation: number): string[] =>
    records
      .flatMap((record) => (record.kind === 'checkpoint-part' && record.generation === generation ? [record.part] : []))
      .filter(({ step }) => step === 8)
      .map(({ part, stateHash }) => `${part} ${stateHash}`)
      .sort();

  it('ends in the same state from its checkpoint, on two workers', async () => {
    const resume = { step: 4, checkpointKey: `checkpoints/${run.run}/000000004/manifest.json` };
    const placement = { b: [0], a: [1, 2] };
    const again = await ground.conclude(await ground.open(run, placement, { generation: 2, attempt: 2, resume }));
    expect(again.endings.map(({ ending }) => ending.outcome)).toEqual(['finished', 'finished']);
    expect(hashes(alone, 1).length).toBe(6);
    expect(hashes(again, 2)).toEqual(hashes(alone, 1));
  }, 300_000);

  it('stores one tokenizer, and shows text in its examples', async () => {
    const prepared = JSON.parse(new TextDecoder().decode(await ground.objects.get(run.key))) as PreparedRun;
    const stored = Object.values(prepared.tasks).flatMap(({ sourceTokenizer, targetTokenizer }) => [
      sourceTokenizer?.key,
      targetTokenizer?.key,
    ]);
    expect(new Set(stored).size).toBe(1);
    const tokenizer = openTokenizer(await ground.objects.get(stored[0] as string), 'tokenizer.json');
    expect(tokenizer.vocabulary).toEqual(prepared.sourceVocabulary);
    expect(tokenizer.vocabulary.length).toBe(320);
    const samples = alone.records.flatMap((record) => (record.kind === 'samples' ? record.samples : []));
    expect(samples.length).toBeGreaterThan(0);
    for (const { source, references } of samples) {
      expect(sentences.some((text) => text.startsWith(source))).toBe(true);
      for (const reference of references) expect(sentences.some((text) => text.includes(reference))).toBe(true);
    }
  });
});

describe('an installation', () => {
  let installation: Installation;
  beforeAll(async () => {
    installation = await openInstallation(['a']);
  }, 300_000);
  afterAll(() => installation.close());

  it('trains on a tokenizer that is uploaded with the data, generates with it, and keeps its hash', async () => {
    const vocab = ['[PAD]', '[UNK]', ...'abcdefghijklmnopqrstuvwxyz'].map((token) => [token, token] as const);
    const letters = vocab.slice(2).map(([letter]) => [`##${letter}`, letter] as const);
    const tokens = Object.fromEntries([...vocab, ...letters].map(([token], id) => [token, id]));
    const tokenizer = JSON.stringify({
      added_tokens: [{ id: 0, content: '[PAD]', special: true }],
      normalizer: { type: 'Lowercase' },
      pre_tokenizer: { type: 'Whitespace' },
      decoder: { type: 'WordPiece', prefix: '##', cleanup: false },
      model: { type: 'WordPiece', unk_token: '[UNK]', continuing_subword_prefix: '##', vocab: tokens },
    });
    const file = { kind: 'file', path: 'letters/tokenizer.json' };
    const spec = runOf({ source: file, target: file });
    await expect(installation.launch(spec, files)).rejects.toThrow(/letters\/tokenizer\.json was not uploaded/);
    await expect(installation.launch(spec, { ...files, [file.path]: '{}' })).rejects.toThrow(
      /letters\/tokenizer\.json has no model; give a tokenizer\.json/,
    );
    const run = await installation.launch(spec, { ...files, [file.path]: tokenizer });
    const ended = await installation.untilRest(run);
    expect(ended.state).toBe('finished');
    const generate = (sources: readonly string[]) =>
      installation.call<{ outputs: { source: string; generated: string }[] }>('POST', '/generate', {
        ...{ run, task: 'first', sources },
      });
    const { outputs } = await generate(['You may NOT use it', 'é']);
    expect(outputs.map(({ source }) => source)).toEqual(['You may NOT use it', 'é']);
    for (const { generated } of outputs) expect(generated).toMatch(/^([a-z# ]|\[PAD\]|\[UNK\])*$/);
    await expect(generate(['half \ud83d of it'])).rejects.toThrow(/holds half of a surrogate pair/);
    const value = `sha256:${createHash('sha256').update(tokenizer).digest('hex')}`;
    expect(ended.lineage).toContainEqual(expect.objectContaining({ key: 'data.file:letters/tokenizer.json', value }));
  }, 300_000);
});

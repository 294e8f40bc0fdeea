import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { specialSymbols } from '@tributary/protocol';
import { describe, expect, it } from 'vitest';
import { bytesDocument, openTokenizer, trainedDocument } from './open-tokenizer.js';
import { PieceCounts } from './piece-counts.js';
import { preTokenize } from './pre-tokenize.js';
import { randomTexts } from './random-unicode.fixture.js';
import { randomDigests, reference } from './reference.fixture.js';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const license = readFileSync(new URL('../../../../LICENSE', import.meta.url), 'utf8').split('\n');

function counted(texts: readonly string[], limit?: number): PieceCounts {
  const counts = new PieceCounts(limit);
  for (const text of texts) counts.add(text);
  return counts;
}

interface Model {
  readonly vocab: Readonly<Record<string, number>>;
  readonly merges: readonly string[];
}
const modelOf = (document: Uint8Array): Model =>
  (JSON.parse(new TextDecoder().decode(document)) as { readonly model: Model }).model;
const mergesOf = (texts: readonly string[], size = 1000): readonly string[] =>
  modelOf(trainedDocument(counted(texts), size)).merges;

const document = trainedDocument(counted(license), 900);
const tokenizer = openTokenizer(document, 'tokenizer.json');

describe('a byte-pair tokenizer', () => {
  it('learns what the reference learns from the same text', () => {
    const { merges, vocab } = modelOf(document);
    expect(merges).toEqual(reference.merges.map((pair) => pair.join(' ')));
    const byId = Object.keys(vocab).sort((a, b) => (vocab[a] as number) - (vocab[b] as number));
    expect(sha256(byId.join('\n'))).toBe(reference.vocabularySha256);
    expect(byId.length).toBe(900);
  });

  it('encodes 4,000 texts of random Unicode as the reference does, and gives each back', () => {
    const texts = randomTexts(4000);
    const encodings = texts.map((text) => tokenizer.encode(text));
    expect(randomDigests(encodings)).toEqual(reference.randomSha256);
    expect(encodings.map((ids) => tokenizer.decode(ids))).toEqual(texts);
  });

  it('never makes a special symbol of text', () => {
    const text = `${specialSymbols.join('')} ${specialSymbols.join(' ')}`;
    for (const each of [tokenizer, openTokenizer(bytesDocument(), 'bytes')]) {
      expect(each.encode(text).filter((id) => id < specialSymbols.length)).toEqual([]);
      expect(each.decode(each.encode(text))).toBe(text);
    }
  });

  it('follows from the counts alone', () => {
    const shuffled = [...license.slice(80), ...license.slice(0, 80).toReversed()];
    expect(Buffer.from(trainedDocument(counted(shuffled), 900)).equals(document)).toBe(true);
  });

  it('breaks ties by the lower left id, then by the lower right one, and stops where nothing occurs twice', () => {
    expect(mergesOf(['zb za', 'zb za', 'ca', 'ca'])).toEqual(['c a', 'z a', 'z b', 'Ġ za']);
    expect(mergesOf(['aaaa'])).toEqual(['a a']);
    expect(mergesOf(['abc'])).toEqual([]);
    expect(mergesOf(['it is', 'it is'], 262)).toEqual(['i s', 'i t']);
  });

  it('leaves out pieces beyond its bound, and those of no word length', () => {
    expect([...counted(['ab ab', 'cd ab', 'e'], 5).entries()]).toEqual([
      ['ab', 1],
      [' ab', 2],
    ]);
    expect(counted(['x'.repeat(1025)]).size).toBe(0);
  });

  it('names its symbols as people read them', () => {
    const { vocabulary } = tokenizer;
    expect(vocabulary.slice(0, 5)).toEqual([...specialSymbols, '!']);
    expect(vocabulary).toContain(' the');
    expect(vocabulary).toContain('<0xE2>');
    expect(vocabulary.length).toBe(900);
    expect(new Set(vocabulary).size).toBe(900);
  });

  it('writes what no text gives: half a character, an unknown symbol', () => {
    const ids = tokenizer.encode('☃');
    expect(tokenizer.decode(ids.slice(0, -1))).toBe('\uFFFD');
    expect(tokenizer.decode([ids[0] as number, 3, ...ids])).toBe('\uFFFD<unk>☃');
    expect(tokenizer.decode([])).toBe('');
    expect(tokenizer.encode('')).toEqual([]);
  });

  it('cuts a run of a hundred thousand characters', () => {
    const text = 'th'.repeat(50_000);
    const ids = tokenizer.encode(text);
    expect(ids.length).toBe(50_000);
    expect(tokenizer.decode(ids)).toBe(text);
  });

  it('reads tokenizers of others behind our special symbols', () => {
    const theirs = {
      added_tokens: [{ id: 257, content: '<|endoftext|>', special: true }],
      pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false },
      decoder: { type: 'ByteLevel' },
      // GPT-2's own file does not name its model, and stands for no prefix by ''.
      model: {
        vocab: {
          ...Object.fromEntries(
            Object.entries(modelOf(bytesDocument()).vocab)
              .filter(([, id]) => id >= 4)
              .map(([token, id]) => [token, id - 4]),
          ),
          th: 256,
          '<|endoftext|>': 257,
        },
        merges: ['t h'],
        continuing_subword_prefix: '',
        unk_token: null,
      },
    };
    const opened = openTokenizer(new TextEncoder().encode(JSON.stringify(theirs)), 'gpt.json');
    expect(opened.encode('th<|endoftext|>').slice(0, 2)).toEqual([260, 'th<'.charCodeAt(2) - 33 + 4]);
    expect(opened.vocabulary[260]).toBe('th');
    expect(opened.vocabulary[261]).toBe('<|endoftext|>');
    expect(opened.decode([261, 260, 261])).toBe('th');
    expect(opened.decode(opened.encode('th<|endoftext|>'))).toBe('th<|endoftext|>');
  });
});

describe('preTokenize', () => {
  it('cuts as GPT-2 does', () => {
    expect(preTokenize("We'll  see it's 42\n\n x\u0085y\uFEFF z")).toEqual([
      'We',
      "'ll",
      ' ',
      ' see',
      ' it',
      "'s",
      ' 42',
      '\n\n',
      ' x',
      '\u0085',
      'y',
      '\uFEFF',
      ' z',
    ]);
  });

  it('loses nothing', () => {
    for (const text of randomTexts(500)) expect(preTokenize(text).join('')).toBe(text);
  });
});

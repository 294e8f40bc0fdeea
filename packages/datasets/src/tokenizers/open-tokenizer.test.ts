import { describe, expect, it } from 'vitest';
import { openTokenizer } from './open-tokenizer.js';
import { randomTexts } from './random-unicode.fixture.js';
import { randomDigests, reference } from './reference.fixture.js';

const bytesOf = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const { wordpiece, unigram, spaced } = reference.others;

describe('openTokenizer', () => {
  it.each([
    ['WordPiece', wordpiece, 1],
    ['Unigram', unigram, 2],
    ['byte pairs under another rule', spaced, null],
  ] as const)('reads %s as the reference does', (_, { document, cases }, unknown) => {
    const tokenizer = openTokenizer(bytesOf(document), 'tokenizer.json');
    for (const { text, ids, decoded } of cases) {
      const ours = tokenizer.encode(text);
      expect(ours).toEqual(ids.map((id) => (id === unknown ? 3 : id + 4)));
      expect(tokenizer.decode(ours)).toBe(decoded);
      for (const id of ours) expect(tokenizer.vocabulary[id]).toBeTypeOf('string');
    }
    expect(tokenizer.vocabulary.slice(0, 4)).toEqual(['<pad>', '<s>', '</s>', '<unk>']);
  });

  it('encodes random Unicode by the library as the reference does', () => {
    const tokenizer = openTokenizer(bytesOf(spaced.document), 'tokenizer.json');
    const encodings = randomTexts(4000).map((text) => tokenizer.encode(text).map((id) => id - 4));
    expect(randomDigests(encodings)).toEqual(reference.spacedRandomSha256);
  });

  it('keeps ids that begin with our special symbols', () => {
    const vocab = Object.fromEntries(['<pad>', '<s>', '</s>', '<unk>', 'a', '##b'].map((token, id) => [token, id]));
    const added = Object.entries(vocab)
      .slice(0, 4)
      .map(([content, id]) => ({ id, content, special: true }));
    const document = {
      added_tokens: added,
      normalizer: { type: 'Lowercase' },
      pre_tokenizer: { type: 'Whitespace' },
      decoder: { type: 'WordPiece', prefix: '##', cleanup: false },
      model: { type: 'WordPiece', unk_token: '<unk>', continuing_subword_prefix: '##', vocab },
    };
    const tokenizer = openTokenizer(bytesOf(document), 'tokenizer.json');
    expect(tokenizer.encode('AB a zz')).toEqual([4, 5, 4, 3]);
    expect(tokenizer.decode([4, 5, 4, 3])).toBe('ab a <unk>');
    expect(tokenizer.encode('a </s> <s>').filter((id) => id < 3)).toEqual([]);
    expect(tokenizer.vocabulary).toEqual(Object.keys(vocab));
  });

  it.each([
    ['no JSON', new TextEncoder().encode('{"model"'), /^t\.json is not JSON in UTF-8; give a tokenizer\.json/],
    ['no UTF-8', Uint8Array.of(0x7b, 0xff), /is not JSON in UTF-8/],
    ['a list', bytesOf([]), /^t\.json has no model; give/],
    ['another file', bytesOf({ model_type: 'bert' }), /has no model/],
    [
      'a word list',
      bytesOf({ model: { type: 'WordLevel', vocab: {} } }),
      /cannot be used as a tokenizer \(its model is WordLevel\)/,
    ],
    ['strange parts', bytesOf({ model: { type: 'BPE' }, decoder: 3 }), /has a decoder that is none/],
    ['strange tokens', bytesOf({ model: { type: 'BPE' }, added_tokens: [{ id: -1, content: 'x' }] }), /added_tokens/],
    ['no vocabulary', bytesOf({ model: { type: 'BPE', merges: [] } }), /^t\.json cannot be used as a tokenizer \(/],
    [
      'ids beyond reason',
      bytesOf({ model: { type: 'WordPiece', vocab: { a: 1e9 } } }),
      /\(an id of its vocabulary is not a whole number from 0 to 999999\)/,
    ],
    [
      'an unknown step',
      bytesOf({ ...wordpiece.document, pre_tokenizer: { type: 'Mystery' } }),
      /cannot be used as a tokenizer \(Unknown PreTokenizer type: Mystery\)/,
    ],
    ['too much', new Uint8Array(65 * 1024 * 1024), /has 65 MiB, and a tokenizer may have 64/],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => openTokenizer(bytes, 't.json')).toThrow(message);
  });
});

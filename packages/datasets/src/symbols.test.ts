import { describe, expect, it } from 'vitest';
import { textToSymbols } from './symbols.js';
import { decodeIds, encodeText, type TextSide, textCodec } from './text-codec.js';
import { bytesDocument } from './tokenizers/open-tokenizer.js';
import { buildVocabulary, compareCodePoints, countSymbols } from './vocabulary.js';

const letters = ['<pad>', '<s>', '</s>', '<unk>', 'a', 'b', 'K'];
const codec = (split: TextSide['split'], join = '') => textCodec({ vocabulary: letters, split, join });
const bytes = textCodec({ vocabulary: [], split: 'tokenizer', join: '', document: bytesDocument() });

describe('symbols', () => {
  it('cuts characters at code points and tokens at white space', () => {
    expect(textToSymbols('aé😀', 'characters')).toEqual(['a', 'é', '😀']);
    expect(textToSymbols('  a  b\tc ', 'whitespace')).toEqual(['a', 'b', 'c']);
  });

  it('encodes a source for generation', () => {
    expect([...encodeText(codec('characters'), 'ab').ids]).toEqual([4, 5]);
    const mixed = encodeText(codec('whitespace'), 'a zz b zz');
    expect([...mixed.ids]).toEqual([4, 3, 5, 3]);
    expect(mixed.unknown).toEqual(['zz']);
  });

  it.each([
    [
      'an unknown character',
      { split: 'characters', text: 'axb' },
      /characters that the training data did not have: "x"/,
    ],
    ['the wrong case', { split: 'characters', text: 'aBk' }, /"B", "k". Did you mean "b", "K"\?/],
    ['nothing known', { split: 'whitespace', text: 'x y' }, /symbols that the training data did not have: "x", "y"/],
    ['nothing', { split: 'whitespace', text: '  ' }, /is empty/],
    [
      'too much',
      { split: 'characters', text: 'abab', longest: 3 },
      /has 4 characters, more than the run's lengths.source of 3/,
    ],
    ['a reserved symbol', { split: 'whitespace', text: 'a <s> b' }, /reserved symbol <s>/],
    ['half of a surrogate pair', { split: 'whitespace', text: 'a \ud800 b' }, /holds half of a surrogate pair/],
  ] as const)('refuses %s', (_, { split, text, ...rest }, message) => {
    expect(() => encodeText(codec(split), text, 'longest' in rest ? rest.longest : undefined)).toThrow(message);
  });

  it('encodes and decodes by a tokenizer', () => {
    const text = 'Ä <s> 👩‍👩‍👧 e\u0301 مرحبا \u0000';
    const { ids, unknown } = encodeText(bytes, text, 60);
    expect(unknown).toEqual([]);
    expect(ids.length).toBe(new TextEncoder().encode(text).length);
    expect(decodeIds(bytes, [1, ...ids, 2, 70, 0])).toBe(text);
    expect(() => encodeText(bytes, text, 10)).toThrow(/has \d+ symbols, more than the run's lengths.source of 10/);
    expect(() => encodeText(bytes, 'a\udc00')).toThrow(/^The source "a\\udc00" holds half of a surrogate pair/);
    expect(() => encodeText(bytes, ' \n')).toThrow(/is empty/);
    expect(() => decodeIds(bytes, [260])).toThrow('id 260 is not in a vocabulary of 260 symbols');
    expect(() => codec('tokenizer')).toThrow('The prepared run lacks its tokenizer; launch it again');
  });

  it('decodes up to the end symbol', () => {
    expect(decodeIds(codec('whitespace', ' '), [1, 4, 3, 5, 2, 4, 0])).toBe('a <unk> b');
    expect(() => decodeIds(codec('characters'), [7])).toThrow(RangeError);
  });

  it('orders a vocabulary by frequency, then code point, and limits it', () => {
    const counts = new Map<string, number>();
    countSymbols(counts, ['b', '\uFF5E', '😀', 'a', 'a', 'ab', '<unk>']);
    expect(buildVocabulary(counts, 9, 'it').slice(4)).toEqual(['a', 'ab', 'b', '\uFF5E', '😀']);
    expect(() => buildVocabulary(counts, 8, 'The source vocabulary of task "x"')).toThrow(
      /The source vocabulary of task "x" has 9 symbols .* vocabulary.limit of 8: raise vocabulary.limit/,
    );
    expect(compareCodePoints('a', 'ab')).toBeLessThan(0);
    expect(compareCodePoints('😀', '\uFF5E')).toBeGreaterThan(0);
    expect(compareCodePoints('x', 'x')).toBe(0);
  });
});

import { describe, expect, it } from 'vitest';
import { encodeText, idsToText, symbolsToText, textToSymbols } from './symbols.js';
import { buildVocabulary, compareCodePoints, countSymbols } from './vocabulary.js';

const letters = ['<pad>', '<s>', '</s>', '<unk>', 'a', 'b', 'K'];

describe('symbols', () => {
  it('cuts characters at code points and tokens at white space', () => {
    expect(textToSymbols('aé😀', 'characters')).toEqual(['a', 'é', '😀']);
    expect(textToSymbols('  a  b\tc ', 'whitespace')).toEqual(['a', 'b', 'c']);
    expect(symbolsToText(textToSymbols('😀b', 'characters'), '')).toBe('😀b');
  });

  it('encodes a source for generation', () => {
    expect([...encodeText({ vocabulary: letters, split: 'characters', text: 'ab' }).ids]).toEqual([4, 5]);
    const mixed = encodeText({ vocabulary: letters, split: 'whitespace', text: 'a zz b zz' });
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
  ] as const)('refuses %s', (_, options, message) => {
    expect(() => encodeText({ vocabulary: letters, ...options })).toThrow(message);
  });

  it('decodes up to the end symbol', () => {
    expect(idsToText([1, 4, 3, 5, 2, 4, 0], letters, ' ')).toBe('a <unk> b');
    expect(() => idsToText([7], letters, '')).toThrow(RangeError);
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

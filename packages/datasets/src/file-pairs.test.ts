import type { FileDataSpec } from '@tributary/config';
import { TributaryError } from '@tributary/protocol';
import { describe, expect, it } from 'vitest';
import { inspectPairs } from './file-pairs.js';

const data = (format: 'jsonl' | 'tsv', tokens: 'characters' | 'whitespace' = 'whitespace'): FileDataSpec => ({
  source: 'file',
  format,
  path: 'p',
  columns: { source: 'source', target: 'target' },
  tokens: { source: tokens, target: tokens },
  features: {},
});
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const row = (source: unknown, target: unknown): string => JSON.stringify({ source, target });
const refusal = (input: Uint8Array | string, format: 'jsonl' | 'tsv'): string => {
  try {
    inspectPairs(typeof input === 'string' ? bytes(input) : input, data(format), 'p');
  } catch (error) {
    expect(error).toBeInstanceOf(TributaryError);
    expect((error as TributaryError).code).toBe('DATA_INVALID');
    return (error as Error).message;
  }
  throw new Error('was accepted');
};

describe('inspectPairs', () => {
  it('reads JSONL and TSV with CRLF, a byte order mark and empty lines at the end', () => {
    const expected = [
      { source: 'a b', target: 'ü', group: null, line: 1 },
      { source: 'c', target: 'd', group: null, line: 2 },
    ];
    expect(
      inspectPairs(bytes(`\uFEFF${row('a b', 'ü')}\r\n${row('c', 'd')}\r\n\r\n`), data('jsonl'), 'p').pairs,
    ).toEqual(expected);
    expect(
      inspectPairs(bytes('\uFEFFn\ttarget\tsource\r\n1\tü\ta b\r\n2\td\tc\r\n\n'), data('tsv'), 'p').pairs,
    ).toEqual(expected.map((pair) => ({ ...pair, line: pair.line + 1 })));
    expect(inspectPairs(bytes('source\ttarget\n"a\tb"\n'), data('tsv'), 'p').pairs[0]?.source).toBe('"a');
  });

  it.each([
    ['an empty file', '', 'jsonl', /p is empty/],
    ['only blank lines', '\uFEFF\r\n \n', 'tsv', /p is empty/],
    ['only a header', 'source\ttarget\n', 'tsv', /empty after its header/],
    ['malformed JSON', `${row('a', 'b')}\n{"source": "a"\n`, 'jsonl', /line 2 is not JSON/],
    ['a blank line within', `${row('a', 'b')}\n\n${row('a', 'b')}`, 'jsonl', /line 2 is empty/],
    ['an array', '["a","b"]', 'jsonl', /line 1 is not a JSON object/],
    ['null', 'null', 'jsonl', /line 1 is not a JSON object/],
    ['an unknown field', '{"from":"a","to":"b"}', 'jsonl', /line 1 has no field "source"; it has "from", "to"/],
    ['an inherited name', '{"source":"a"}', 'jsonl', /no field "target"; it has "source"/],
    ['a number', row('a', 3), 'jsonl', /field "target" is not a string/],
    ['an empty source', `${row('a', 'b')}\n${row(' ', 'b')}`, 'jsonl', /line 2: the source is empty/],
    ['an empty target', 'source\ttarget\na\t\n', 'tsv', /line 2: the target is empty/],
    ['a reserved symbol', row('a </s> b', 'b'), 'jsonl', /reserved symbol <\/s>/],
    ['a lone surrogate', '{"source":"\\ud800","target":"b"}', 'jsonl', /line 1: the source holds half of a surrogate/],
    ['an unknown column', 'from\tto\na\tb\n', 'tsv', /no column "source"; its header line has "from", "to"/],
    ['a column twice', 'source\tsource\ttarget\na\tb\tc\n', 'tsv', /two columns "source"/],
    ['too many fields', 'source\ttarget\na\tb\na\tb\tc\n', 'tsv', /line 3 has 3 fields, the header line has 2/],
  ] as const)('refuses %s', (_, input, format, message) => {
    expect(refusal(input, format)).toMatch(message);
  });

  it('names the line that is not UTF-8', () => {
    const good = bytes(`${row('a', 'b')}\n`);
    expect(refusal(new Uint8Array([...good, ...good, 0x22, 0xff, 0x22, 0x0a, ...good]), 'jsonl')).toMatch(
      /not UTF-8 at line 3/,
    );
    expect(refusal(new Uint8Array([...good, 0xc3]), 'jsonl')).toMatch(/not UTF-8 at line 2/);
    expect(refusal(new Uint8Array([0xff, 0xfe, 0x61, 0x00]), 'tsv')).toMatch(/not UTF-8 at line 1/);
  });

  it('reads what a pair belongs to, and refuses a line that does not say', () => {
    const grouped = (format: 'jsonl' | 'tsv'): FileDataSpec => ({
      ...data(format),
      columns: { source: 'source', target: 'target', group: 'of' },
    });
    const groups = (format: 'jsonl' | 'tsv', text: string): (string | null)[] =>
      inspectPairs(bytes(text), grouped(format), 'p').pairs.map(({ group }) => group);
    expect(groups('tsv', 'source\tof\ttarget\na\tg 1\tb\nc\tg 2\td\n')).toEqual(['g 1', 'g 2']);
    expect(groups('jsonl', '{"source":"a","target":"b","of":"g 1"}')).toEqual(['g 1']);
    expect(() => groups('jsonl', row('a', 'b'))).toThrow(/line 1 has no field "of"; it has .*data\.columns\.group/);
    expect(() => groups('jsonl', '{"source":"a","target":"b","of":7}')).toThrow(/line 1: field "of" is not a string/);
    expect(() => groups('tsv', 'source\tof\ttarget\na\t \tb\n')).toThrow(/line 2: the group is empty/);
    expect(() => groups('tsv', 'source\ttarget\na\tb\n')).toThrow(/no column "of"/);
  });
});

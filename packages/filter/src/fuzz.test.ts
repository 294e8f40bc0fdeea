import { type RandomStream, randomStream } from '@tributary/random';
import { mutateText } from '@tributary/testing';
import { expect, it } from 'vitest';
import { documented } from './documented.fixture.js';
import { FilterError, parseColumns, parseFilter, parseOrder } from './index.js';

const pieces = [
  ...['and', 'OR', 'not', 'IN', 'like', 'ILIKE', 'is', 'NULL', 'nan', 'asc', 'DESC', 'true', 'best', 'min('],
  ...['metrics.', 'params.', 'tags.', 'attributes.', 'run', 'state', 'created', 'archived', 'loss', 'x.y'],
  ...[
    '=',
    '!=',
    '<',
    '<=',
    '>',
    '>=',
    '==',
    '<>',
    '(',
    ')',
    ',',
    '.',
    '-',
    "'",
    '"',
    '`',
    "''",
    '\\',
    '%',
    ';',
    '--',
    '/*',
    '$1',
    '?',
  ],
  ...[
    '1',
    '-7d',
    '0.5',
    '1e999',
    '2026-11-24',
    "'a'",
    '"b"',
    '`c`',
    ' ',
    '\n',
    '\t',
    '\0',
    '\ud83d',
    '\u{1f642}',
    'é',
    'ß',
    '\u202e',
    '\ufeff',
  ],
];
const soup = (stream: RandomStream): string =>
  Array.from({ length: stream.below(14) }, () => pieces[stream.below(pieces.length)]).join(
    stream.below(2) === 0 ? ' ' : '',
  );
const noise = (stream: RandomStream): string =>
  String.fromCharCode(
    ...Array.from({ length: stream.below(20) }, () => stream.below(stream.below(2) === 0 ? 0x80 : 0x10000)),
  );

it('throws nothing but a FilterError that points into the text', async () => {
  const stream = randomStream(3, 'filter-fuzz');
  const examples = await documented();
  const counts = { read: 0, refused: 0 };
  for (let trial = 0; trial < 6_000; trial += 1) {
    const example = examples[stream.below(examples.length)] ?? '';
    const text =
      [mutateText(stream, example, pieces), mutateText(stream, example, pieces), soup(stream), noise(stream)][
        stream.below(4)
      ] ?? '';
    for (const parse of [parseFilter, parseOrder, parseColumns])
      try {
        parse(text);
        counts.read += 1;
      } catch (error) {
        counts.refused += 1;
        if (!(error instanceof FilterError)) throw new Error(`"${text}" threw ${String(error)}`, { cause: error });
        const characters = [...text].length;
        if (!(error.at.column >= 1 && error.at.column <= characters + 1))
          throw new Error(`"${text}": ${error.message}`);
      }
  }
  // Both branches are worth something only where both are taken often.
  expect(Math.min(counts.read, counts.refused)).toBeGreaterThan(1_000);
});

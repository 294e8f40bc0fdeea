import { parseFilter } from '@tributary/filter';
import { expect, it } from 'vitest';
import { offsetOfColumn } from './text-place.js';

it.each([
  ["tags.a = 'b' and and", 'and'],
  ["tags.\u{1d49c} = '\u{1f600}\u{1f600}' and and", 'and'],
  ["tags.\u{20000} = 'e\u0301' ;", ';'],
])('is where the filter has its mistake: %s', (filter, fault) => {
  let column = 0;
  try {
    parseFilter(filter);
  } catch (error) {
    column = (error as { at: { column: number } }).at.column;
  }
  expect(filter.slice(offsetOfColumn(filter, column))).toBe(fault);
});

it('of a mistake at the end is the end', () => {
  expect(offsetOfColumn('\u{1f600} =', 4)).toBe('\u{1f600} ='.length);
});

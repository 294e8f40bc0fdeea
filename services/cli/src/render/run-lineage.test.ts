import { stripVTControlCharacters } from 'node:util';
import type { LineageDocument } from '@tributary/protocol';
import { describe, expect, it } from 'vitest';
import { runLineage } from './run-lineage.js';

const entry = (key: string, value: string, member = 0, generation = 1): LineageDocument => ({
  attempt: 1,
  generation,
  member,
  key,
  value,
});
const rows = (entries: readonly LineageDocument[]) =>
  stripVTControlCharacters(runLineage(entries))
    .split('\n')
    .slice(2)
    .map((line) => line.trim().replace(/ {2,}/, ' = '));

describe('runLineage', () => {
  it('says once what all members agree on, the rows that matter most first', () => {
    const both = (key: string, value: string) => [entry(key, value, 0), entry(key, value, 1)];
    const entries = [
      ...both('commit', 'c'.repeat(40)),
      ...both('data.npm:dictionary', `3.0.0 sha256:${'d'.repeat(64)}`),
      ...both('data.spell.test.sha256', 'a'.repeat(64)),
      ...both('data.spell.train.sha256', 'b'.repeat(64)),
      ...both('package.one', '1.0.0'),
      ...both('package.two', '2.0.0'),
      ...both('seed', '7'),
      entry('worker', 'worker-1', 0),
      entry('worker', 'worker-2', 1),
    ];
    expect(rows(entries)).toEqual([
      'seed = 7',
      `commit = ${'c'.repeat(40)}`,
      'packages = one 1.0.0, two 2.0.0',
      'data of spell = train bbbbbbbbbbbb, test aaaaaaaaaaaa',
      'data source = npm:dictionary 3.0.0 sha256:dddddddddddd',
    ]);
  });

  it('names the members and generations that differ', () => {
    expect(
      rows([
        entry('device', 'cpu', 0),
        entry('device', 'gpu:0', 1),
        entry('device', 'cpu', 2),
        entry('commit', 'old', 0, 1),
        entry('commit', 'new', 0, 2),
        entry('commit', 'new', 1, 2),
        entry('commit', 'new', 0, 3),
      ]),
    ).toEqual(['commit = generation 1: old; generations 2, 3: new', 'device = cpu (members 0, 2), gpu:0 (member 1)']);
  });

  it('is nothing while no member has told anything', () => expect(runLineage([])).toBe(''));
});

import { describe, expect, it } from 'vitest';
import { asFileData, corpusFileOf, dataPaths } from './data-files.js';
import { runFileSchema } from './run-file.js';

const parse = (data: object) =>
  runFileSchema.safeParse({ experiment: 'x', tasks: [{ name: 'a', data }], budget: { steps: 1 } });
const dataOf = (data: object) => {
  const task = parse(data).data?.tasks[0];
  if (task === undefined) throw new Error('was refused');
  return task.data;
};
const problemsOf = (data: object): string[] =>
  parse(data).error?.issues.map(({ path, message }) => `${path.slice(2).join('.')}: ${message}`) ?? [];

describe('the files of data', () => {
  it('are those that a run file names, and those of a corpus', () => {
    expect(dataPaths(dataOf({ source: 'words', kind: 'spell' }))).toEqual([]);
    const file = { source: 'file', format: 'tsv', path: 'a.tsv', test: 'c.tsv' };
    expect(dataPaths(dataOf(file))).toEqual(['a.tsv', 'c.tsv']);
    const corpus = dataOf({ source: 'corpus', corpus: 'debian', pairs: 'translate-de' });
    expect(dataPaths(corpus)).toEqual(['corpus:debian/translate-de.jsonl', 'corpus:debian/corpus.json']);
    expect(dataPaths(corpus).map(corpusFileOf)).toEqual([
      { corpus: 'debian', file: 'translate-de.jsonl' },
      { corpus: 'debian', file: 'corpus.json' },
    ]);
    expect(corpusFileOf('data/a.jsonl')).toBeNull();
    expect(corpusFileOf('corpus:debian/../../etc/x.json')).toBeNull();
  });

  it('of a corpus are split by group, and cut as the task says', () => {
    const tokens = { source: 'characters', target: 'whitespace' };
    const data = dataOf({ source: 'corpus', corpus: 'chitchat', pairs: 'reply', tokens });
    expect(asFileData(data)).toEqual({
      source: 'file',
      format: 'jsonl',
      path: 'corpus:chitchat/reply.jsonl',
      columns: { source: 'source', target: 'target', group: 'group' },
      tokens,
      features: {},
    });
  });

  it.each([
    [
      { source: 'corpus', corpus: 'chitchat', pairs: 'summarise' },
      'data.pairs: corpus "chitchat" has no pairs "summarise"; it has reply',
    ],
    [
      { source: 'file', format: 'jsonl', path: 'corpus:debian/summarise.jsonl' },
      'data.path: may not begin with "corpus:"; for a fetched corpus write data: { source: corpus, corpus: debian, pairs: summarise }',
    ],
  ])('%j is refused', (data, problem) => {
    expect(problemsOf(data)).toEqual([problem]);
  });

  it('of vectors come from no corpus', () => {
    const task = { name: 'a', data: { source: 'corpus', corpus: 'chitchat', pairs: 'reply' } };
    const head = { kind: 'features', size: 3 };
    const run = runFileSchema.safeParse({ experiment: 'x', tasks: [{ ...task, head }], budget: { steps: 1 } });
    expect(run.error?.issues[0]?.message).toMatch(/the targets of this data are symbols/);
  });
});

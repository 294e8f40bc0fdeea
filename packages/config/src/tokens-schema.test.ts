import { describe, expect, it } from 'vitest';
import { validateRunFile } from './parse-run-file.js';
import { runFileSchema } from './run-file.js';
import { tokenizerId } from './tokens-schema.js';

const task = (name: string, tokens: object, rest: object = {}) => ({
  name,
  data: { source: 'file', format: 'jsonl', path: 'p.jsonl', tokens, ...rest },
});
const bpe = (rest: object = {}) => ({ kind: 'bpe', ...rest });
const run = (tasks: readonly object[], rest: object = {}) => ({
  experiment: 'x',
  tasks,
  budget: { steps: 1 },
  ...rest,
});

function refusal(value: unknown): string {
  try {
    validateRunFile(value, { name: 'run.yaml' });
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('it was accepted');
}

describe('tokens', () => {
  it('are words or blocks, with defaults', () => {
    const parsed = runFileSchema.parse(
      run([task('a', { source: 'bytes', target: bpe() }), task('b', { source: 'bytes', target: 'characters' })]),
    );
    expect(parsed.tasks.map(({ data }) => data.source === 'file' && data.tokens)).toEqual([
      { source: 'bytes', target: { kind: 'bpe', vocabulary: 4000 } },
      { source: 'bytes', target: 'characters' },
    ]);
  });

  it('name the tokenizer that a side has', () => {
    expect(tokenizerId('whitespace', 'a', 'source')).toBe(null);
    expect(tokenizerId('bytes', 'a', 'source')).toBe('bytes');
    expect(tokenizerId({ kind: 'file', path: 't.json' }, 'a', 'source')).toBe('file:t.json');
    expect(tokenizerId({ kind: 'bpe', vocabulary: 300 }, 'a', 'target')).toBe('a.target');
    expect(tokenizerId({ kind: 'bpe', vocabulary: 300, name: 'en' }, 'a', 'target')).toBe('name:en');
  });

  it('may be mixed where nothing is shared, and must agree where the vocabulary is', () => {
    const shared = { source: bpe({ name: 'en' }), target: bpe({ name: 'en' }) };
    const accepted = [
      run([task('a', { source: bpe() })]),
      run([task('a', { source: 'characters' }), task('b', { source: 'whitespace', target: bpe() })]),
      run([task('a', shared), task('b', { source: bpe({ name: 'en' }), target: bpe() })]),
      run([task('a', shared)], { model: { embedding: { share: 'all' } } }),
      run([task('a', { source: bpe() }), task('b', {}, { features: { source: 3 } })]),
      run([{ name: 'w', data: { source: 'words', kind: 'spell' } }, task('b', { target: bpe() })]),
    ];
    for (const each of accepted) expect(runFileSchema.safeParse(each).error).toBeUndefined();
  });

  it.each([
    [
      'a name of two sizes',
      run([task('a', { source: bpe({ name: 'en' }), target: bpe({ name: 'en', vocabulary: 300 }) })]),
      'tasks[0].data.tokens.target.vocabulary: is 300, but "en" has 4000 in task "a"; sides of one name share one tokenizer: give them one size, or two names',
    ],
    [
      'sources of their own',
      run([task('a', { source: bpe() }), task('b', { source: bpe() })]),
      'tasks[1].data.tokens.source: gives the source another tokenizer than the source of task "a", but the tasks share one encoder, whose sources have one vocabulary; give all of them the same tokens (kind bpe: the same name)',
    ],
    [
      'a dictionary beside bytes',
      run([task('a', { source: 'bytes' }), { name: 'w', data: { source: 'words', kind: 'spell' } }]),
      'tasks[1].data: gives the source another tokenizer than the source of task "a"',
    ],
    [
      'a joint vocabulary of two tokenizers',
      run([task('a', { source: bpe({ name: 'en' }), target: bpe() })], { model: { embedding: { share: 'all' } } }),
      'tasks[0].data.tokens.target: gives the target another tokenizer than the source of task "a", but under model.embedding.share: all',
    ],
    [
      'more than the limit',
      run([task('a', { source: bpe({ vocabulary: 40_000 }) })]),
      'tasks[0].data.tokens.source.vocabulary: is 40000, more than vocabulary.limit of 32000; take a smaller one, or raise that limit',
    ],
    [
      'vectors',
      run([task('a', { source: bpe() }, { features: { source: 2 } })]),
      'tasks[0].data.tokens.source: cuts text, but data.features.source says that the source is vectors; leave one of the two out',
    ],
    [
      'a word that is none',
      run([task('a', { source: 'charcters' })]),
      'tasks[0].data.tokens.source: must be one of "characters", "whitespace", "bytes", got text "charcters"; did you mean "characters"?',
    ],
    [
      'a kind that is none',
      run([task('a', { source: { kind: 'wordpiece' } })]),
      'tasks[0].data.tokens.source.kind: must be one of "bpe", "file", got text "wordpiece"',
    ],
    [
      'a field that is none',
      run([task('a', { source: { kind: 'bpe', vocabularySize: 300 } })]),
      'tasks[0].data.tokens.source.vocabularySize: unknown field; did you mean "vocabulary"?',
    ],
    [
      'too few symbols',
      run([task('a', { source: { kind: 'bpe', vocabulary: 100 } })]),
      'tasks[0].data.tokens.source.vocabulary: must be at least 260, got 100',
    ],
    [
      'a file without a path',
      run([task('a', { source: { kind: 'file' } })]),
      'tasks[0].data.tokens.source.path: is missing; it must be text',
    ],
    [
      'a number',
      run([task('a', { source: 3 })]),
      'tasks[0].data.tokens.source: has a value that is not allowed here, got 3',
    ],
  ])('refuse %s', (_, value, message) => {
    expect(refusal(value)).toContain(message);
  });
});

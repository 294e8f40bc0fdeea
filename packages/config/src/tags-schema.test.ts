import { describe, expect, it } from 'vitest';
import { validateRunFile } from './parse-run-file.js';
import { RunFileError } from './run-file-error.js';

const withLabels = (labels: object) =>
  validateRunFile(
    {
      experiment: 'tags',
      tasks: [{ name: 'spell', data: { source: 'words', kind: 'spell' } }],
      budget: { steps: 1 },
      ...labels,
    },
    { name: 'run.yaml' },
  );

describe('tags and note of a run file', () => {
  it('are kept as they are, and may be left out', () => {
    const labels = { tags: { purpose: 'baseline', 'team/name': '' }, note: 'why' };
    expect(withLabels(labels)).toMatchObject(labels);
    expect(withLabels({})).not.toHaveProperty('tags');
    expect(withLabels({})).not.toHaveProperty('note');
  });

  it.each([
    [{ tags: { '/a': 'b' } }, 'tags./a: is no key of a tag: it must be 1 to 250 letters'],
    [{ tags: { a: 1 } }, 'tags.a'],
    [{ tags: { a: 'x'.repeat(501) } }, 'tags.a: must have at most 500 characters'],
    [{ note: 'x'.repeat(10_001) }, 'note'],
  ])('refuses %j', (labels, message) => {
    expect(() => withLabels(labels)).toThrow(RunFileError);
    expect(() => withLabels(labels)).toThrow(message);
  });
});

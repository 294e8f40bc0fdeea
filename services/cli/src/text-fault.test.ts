import { TributaryError } from '@tributary/protocol';
import { describe, expect, it } from 'vitest';
import { shellCommand } from './render/shell-command.js';
import { pointAt, TextFault, withExcerpt } from './text-fault.js';

describe('a mistake in a text', () => {
  it.each([
    ['step > x', 8, '  step > x\n         ^'],
    ['step >', 7, '  step >\n        ^'],
    ['a\n\tb\u001b c', 4, '  a  b\ufffd c\n     ^'],
    [`${'a'.repeat(100)}!${'b'.repeat(100)}`, 101, `  …${'a'.repeat(60)}!${'b'.repeat(60)}…\n   ${' '.repeat(60)}^`],
  ])('of %j at %d has a caret under it', (text, column, excerpt) => {
    expect(pointAt(text, column)).toBe(excerpt);
  });

  it('keeps what the API said of it, and leaves other failures alone', async () => {
    const fail = (options: ConstructorParameters<typeof TributaryError>[2]) => () =>
      Promise.reject(new TributaryError('FILTER_INVALID', 'wrong', options));
    const at = { text: 'order', column: 2 } as const;
    const fault = await withExcerpt({ order: 'ab' }, fail({ at })).catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(TextFault);
    expect(fault).toMatchObject({ code: 'FILTER_INVALID', message: 'wrong', at, excerpt: '  ab\n   ^' });
    for (const [texts, options] of [
      [{ filter: 'ab' }, { at }],
      [{ order: 'ab' }, {}],
    ] as const)
      expect(await withExcerpt(texts, fail(options)).catch((error: unknown) => error)).not.toBeInstanceOf(TextFault);
  });
});

it('a command survives a shell', () => {
  expect(shellCommand(['npx', 'tributary', '--filter', `a = 'b' and "c" < $d`, '--sort', '-x.y', ''])).toBe(
    String.raw`npx tributary --filter 'a = '\''b'\'' and "c" < $d' --sort -x.y ''`,
  );
});

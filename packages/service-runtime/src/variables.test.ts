import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { baseEnvironment } from './base-environment.js';
import { variablesOf } from './variables.js';

const folder = mkdtempSync(join(tmpdir(), 'tributary-variables-'));
const file = (name: string, content: string): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};
const read = (env: NodeJS.ProcessEnv) => variablesOf(env, 'start it with "npx tributary up"');

describe('variablesOf', () => {
  it.each([
    ['unset', () => read({}).required('A'), 'A is not set; start it with "npx tributary up".'],
    ['not among the choices', () => read({ A: 'z' }).oneOf('A', ['x', 'y'], 'x'), 'A is "z"; it must be one of x, y; '],
    [
      'not a whole number',
      () => read({ A: '1.5' }).wholeNumber('A', { min: 0, max: 9 }),
      'A is "1.5"; it must be a whole number from 0 to 9; ',
    ],
    ['out of range', () => read({ A: '10' }).wholeNumber('A', { min: 0, max: 9 }), 'from 0 to 9'],
    ['no token', () => read({ A: 'a.b' }).token('A', 'main'), 'A is "a.b"; use 1 to 64 letters'],
    ['a missing secret', () => read({ A: join(folder, 'none') }).secret('A'), 'which cannot be read'],
    ['an empty secret', () => read({ A: file('empty', ' \n') }).secret('A'), 'which is empty'],
  ])('says what is wrong: %s', (_, act, message) => {
    expect(act).toThrow(message);
  });

  it('reads what every process is told', () => {
    const env = {
      TRIBUTARY_NATS_URL: 'nats://127.0.0.1:1',
      TRIBUTARY_NATS_PASSWORD_FILE: file('password', 'secret\n'),
    };
    expect(baseEnvironment(read(env), 'worker')).toMatchObject({
      names: { namespace: 'main' },
      nats: { url: 'nats://127.0.0.1:1', user: 'worker', password: 'secret' },
      targetsDir: null,
      logLevel: 'info',
    });
  });
});

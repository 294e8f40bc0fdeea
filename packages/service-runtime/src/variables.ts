import { readFileSync } from 'node:fs';
import { isToken, TributaryError } from '@tributary/protocol';

/** Reads a process's environment; every fault is one sentence that names the variable. */
export interface Variables {
  /** @throws TributaryError `PREREQUISITE_MISSING` where it is unset or empty */
  required(name: string): string;
  /** null where it is unset or empty */
  optional(name: string): string | null;
  oneOf<T extends string>(name: string, choices: readonly T[], fallback: T): T;
  wholeNumber(name: string, range: { readonly min: number; readonly max?: number; readonly fallback?: number }): number;
  /** A name that may stand in a subject, a key and a file. */
  token(name: string, fallback: string): string;
  /** The trimmed content of the file that a variable names. */
  secret(name: string): string;
  wrong(name: string, what: string, cause?: unknown): TributaryError;
}

/** @param remedy how this process is started properly, e.g. `start it with "npx tributary up"` */
export function variablesOf(env: NodeJS.ProcessEnv, remedy: string): Variables {
  const wrong = (name: string, what: string, cause?: unknown): TributaryError =>
    new TributaryError('PREREQUISITE_MISSING', `${name} ${what}; ${remedy}.`, { cause });
  const optional = (name: string): string | null => env[name] || null;
  const required = (name: string): string => {
    const value = optional(name);
    if (value === null) throw wrong(name, 'is not set');
    return value;
  };
  return {
    wrong,
    optional,
    required,
    oneOf(name, choices, fallback) {
      const value = optional(name) ?? fallback;
      const found = choices.find((choice) => choice === value);
      if (found === undefined) throw wrong(name, `is "${value}"; it must be one of ${choices.join(', ')}`);
      return found;
    },
    wholeNumber(name, { min, max = Number.MAX_SAFE_INTEGER, fallback }) {
      const value = Number(fallback === undefined ? required(name) : (optional(name) ?? fallback));
      if (!Number.isInteger(value) || value < min || value > max)
        throw wrong(name, `is "${env[name]}"; it must be a whole number from ${min} to ${max}`);
      return value;
    },
    token(name, fallback) {
      const value = optional(name) ?? fallback;
      if (!isToken(value)) throw wrong(name, `is "${value}"; use 1 to 64 letters, digits, "-" and "_"`);
      return value;
    },
    secret(name) {
      const file = required(name);
      let text: string;
      try {
        text = readFileSync(file, 'utf8').trim();
      } catch (cause) {
        throw wrong(name, `names ${file}, which cannot be read`, cause);
      }
      if (text === '') throw wrong(name, `names ${file}, which is empty`);
      return text;
    },
  };
}

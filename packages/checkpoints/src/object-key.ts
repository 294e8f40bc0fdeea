import { TributaryError } from '@tributary/protocol';

/**
 * Checks that a key is one that every store takes: segments of letters, digits, `.`, `_` and `-`, joined by `/`, none beginning
 * with a dot (so no `..` and no hidden file), at most 512 characters.
 * @throws TributaryError `OBJECT_NOT_FOUND`, since no store can hold such an object.
 */
export function checkKey(key: string): void {
  if (key.length > 512 || !/^[A-Za-z0-9_-][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/.test(key))
    throw new TributaryError(
      'OBJECT_NOT_FOUND',
      `No object can have the key ${JSON.stringify(key.slice(0, 100))}: use letters, digits, ".", "_", "-" and "/".`,
    );
}

export function objectNotFound(key: string, store: string, cause?: unknown): TributaryError {
  return new TributaryError(
    'OBJECT_NOT_FOUND',
    `There is no object ${key} in ${store}; it was deleted or never written.`,
    { cause },
  );
}

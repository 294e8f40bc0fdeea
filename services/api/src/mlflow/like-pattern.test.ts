import { runInNewContext } from 'node:vm';
import { openDatabase } from '@tributary/run-store';
import { temporaryDatabase } from '@tributary/testing';
import { sql } from 'kysely';
import { afterAll, describe, expect, it } from 'vitest';
import { isLike } from './like-pattern.js';

const database = await temporaryDatabase();
const db = openDatabase(database.url);
afterAll(async () => {
  await db.destroy();
  await database.drop();
});

describe('isLike', () => {
  it('says what Postgres says', async () => {
    const letters = ['a', 'b', '%', '_', '\\%', '\\_', '\\\\', '.', 'A', '\u{1f600}'];
    // All words of up to three letters; those with wildcards are patterns, those without, texts too.
    const words = [''];
    for (let from = 0, length = 0; length < 3; length += 1) {
      const until = words.length;
      for (; from < until; from += 1) for (const letter of letters) words.push(`${words[from]}${letter}`);
    }
    const texts = ['', 'a', 'ab', 'aab', 'abb', '%', '_', '\\', 'a%', 'a.b', 'Ab', '\u{1f600}', 'a\u{1f600}b'];
    for (const ignoreCase of [false, true]) {
      const operator = ignoreCase ? sql`ilike` : sql`like`;
      const { rows } = await sql<{ text: string; pattern: string; found: boolean }>`
        select text, pattern, text ${operator} pattern as found
        from unnest(${texts}::text[]) text, unnest(${words}::text[]) pattern`.execute(db);
      expect(rows).toHaveLength(texts.length * words.length);
      expect(rows.filter(({ text, pattern, found }) => isLike(text, pattern, ignoreCase) !== found)).toEqual([]);
    }
  });

  it('comes to an end however many wildcards there are', () => {
    // A limit against hanging, not a measure: what tries all ways would take years.
    const calls = `[
      isLike('a'.repeat(55), '%a'.repeat(2_000) + 'b', false),
      isLike('a'.repeat(500), '%a'.repeat(400) + '%', false),
    ]`;
    expect([...runInNewContext(calls, { isLike }, { timeout: 30_000 })]).toEqual([false, true]);
  });
});

import { type RawBuilder, sql } from 'kysely';

/** For `=`: one parameter, however many texts; a parameter for each would be parsed and planned one by one. */
export function anyOf(texts: readonly string[]): RawBuilder<string> {
  return sql`any(${texts}::text[])`;
}

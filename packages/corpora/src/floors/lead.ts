import { wordsOf } from '../words.js';

/** The first words of a text: what a summary must beat. */
export function leadWords(text: string, count: number): string {
  return wordsOf(text).slice(0, count).join(' ');
}

/** Most words before "is a" for it to be read as the beginning of a definition. */
const longestSubject = 5;

/** The first words of a text after a beginning like "Tributary is a": what it calls the thing, not its name. */
export function strippedLead(text: string, count: number): string {
  const words = wordsOf(text);
  const verb = words.slice(0, longestSubject + 1).findIndex((word) => word === 'is' || word === 'are');
  const isDefinition = verb > 0;
  const rest = isDefinition ? words.slice(verb + 1) : words;
  const article = isDefinition && /^(an?|the)$/i.test(rest[0] ?? '') ? 1 : 0;
  return rest.slice(article, article + count).join(' ');
}

/** The source itself: what a translation must beat. */
export function copySource(text: string): string {
  return text;
}

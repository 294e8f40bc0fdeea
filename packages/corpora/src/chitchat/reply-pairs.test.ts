import { TributaryError } from '@tributary/protocol';
import { describe, expect, it } from 'vitest';
import { readConversations } from './conversation.js';
import { hasPersonalData } from './personal-data.js';
import { profanityFilter } from './profanity.js';
import { chitchatPairs } from './reply-pairs.js';

const json = (conversations: Record<string, string[][]>): string =>
  JSON.stringify(
    Object.fromEntries(
      Object.entries(conversations).map(([id, turns]) => [
        id,
        { messages: turns.map((texts) => texts.map((text) => ({ text, timestamp: 't', sender: 's' }))), prompt: 'p' },
      ]),
    ),
  );
const pairsOf = (conversations: Record<string, string[][]>) => chitchatPairs(readConversations(json(conversations)));
const words = (count: number): string => Array(count).fill('word').join(' ');

describe('chitchatPairs', () => {
  it('answers each turn, of one message or several, by the next; turns without a word are none', () => {
    const { pairs, counts } = pairsOf({
      c1: [['Hello', 'how  are\nyou?'], [' ', ''], ['fine'], ['good']],
      c2: [['alone']],
    });
    expect(pairs.reply).toEqual([
      { source: 'Hello how are you?', target: 'fine', group: 'c1' },
      { source: 'fine', target: 'good', group: 'c1' },
    ]);
    expect(counts).toEqual({
      conversations: 2,
      neighbouringTurns: 2,
      shortPairs: 2,
      personalData: 0,
      profanity: 0,
      reservedSymbols: 0,
    });
  });

  it('takes a turn of 15 words and a reply of 12, and no longer ones', () => {
    expect(pairsOf({ c: [[words(15)], [words(12)]] }).pairs.reply).toHaveLength(1);
    expect(pairsOf({ c: [[words(16)], [words(12)]] }).pairs.reply).toHaveLength(0);
    expect(pairsOf({ c: [[words(15)], [words(13)]] }).pairs.reply).toHaveLength(0);
  });

  it('counts what it leaves out', () => {
    const { pairs, counts } = pairsOf({
      c: [['hi'], ['mail me at a@b.org'], ['ok'], ['what the fuck'], ['well'], ['a <s> b']],
    });
    expect(pairs.reply).toEqual([]);
    expect(counts).toMatchObject({ shortPairs: 5, personalData: 2, profanity: 2, reservedSymbols: 1 });
  });

  it('refuses JSON of another shape', () => {
    for (const text of ['[]', '{"c": []}', '{"c": {"messages": [{}]}}', '{"c": {"messages": [[{"text": 1}]]}}'])
      expect(() => readConversations(text)).toThrow(TributaryError);
  });
});

describe('hasPersonalData', () => {
  it.each([
    'write to jane.doe@example.org',
    'i use gmail',
    'see https://example.org/x',
    'go to www.example',
    'look at example.com please',
    'follow @someone',
    'call 555-123-4567',
    'call (555) 123 4567 now',
    'my number is 5551234567',
  ])('finds it in "%s"', (text) => {
    expect(hasPersonalData(text)).toBe(true);
  });

  it.each(['i am 25 years old', 'meet me @ 5', 'in 1999 and 2001', 'wait...what', 'i.e. this', '10/10 would do'])(
    'finds none in "%s"',
    (text) => {
      expect(hasPersonalData(text)).toBe(false);
    },
  );
});

describe('profanityFilter', () => {
  it('finds profanity in disguise, and no innocent words', () => {
    const isProfane = profanityFilter();
    expect(['fuck', 'FUUUCK you', 'sh1t happens'].map(isProfane)).toEqual([true, true, true]);
    expect(['my class passed', 'a grape and a cocktail', 'hello'].map(isProfane)).toEqual([false, false, false]);
  });
});

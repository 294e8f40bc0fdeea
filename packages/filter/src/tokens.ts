import { type CustomPatternMatcherFunc, createToken, Lexer, type TokenType } from 'chevrotain';
import type { SourceText } from './filter-error.js';

// Chevrotain's lexer analyses no Unicode classes, so names are matched by a function.
const namePattern = /[\p{L}_][\p{L}\p{M}\p{N}_$/@:-]*(?:\.[\p{L}\p{M}\p{N}_$/@:-]+)*/uy;
const matchName: CustomPatternMatcherFunc = (text, offset) => {
  namePattern.lastIndex = offset;
  return namePattern.exec(text);
};

/** A name of dotted parts, as far as it needs no quotes: `metrics.val-loss`, `tasks.spell.weight`. */
export const Word = createToken({ name: 'Word', pattern: matchName, line_breaks: false, label: 'a name' });
/** Quotes a name. */
export const Backtick = createToken({
  name: 'Backtick',
  pattern: /`[^`]+`/,
  line_breaks: true,
  label: 'a quoted name',
});
/** Quotes a name on the left, a text on the right. */
export const DoubleQuoted = createToken({
  name: 'DoubleQuoted',
  pattern: /"(?:[^"]|"")*"/,
  line_breaks: true,
  label: 'text in quotes',
});
export const SingleQuoted = createToken({
  name: 'SingleQuoted',
  pattern: /'(?:[^']|'')*'/,
  line_breaks: true,
  label: 'text in quotes',
});
export const DateLiteral = createToken({
  name: 'DateLiteral',
  pattern: /\d{4}-\d{2}-\d{2}(?:[Tt]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:[Zz]|[+-]\d{2}:?\d{2})?)?/,
  label: 'a date',
});
/** A duration before now: `-7d`. */
export const Ago = createToken({
  name: 'Ago',
  pattern: /-\d+(?:\.\d+)?(?:ms|s|m|h|d|w)(?![A-Za-z0-9_])/,
  label: 'a time such as -7d',
});
export const NumberLiteral = createToken({
  name: 'NumberLiteral',
  pattern: /[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/,
  label: 'a number',
});

const keyword = (name: string, pattern: RegExp, categories: TokenType[] = []): TokenType =>
  createToken({ name, pattern, categories, longer_alt: Word, label: name.toUpperCase() });
export const And = keyword('And', /and/i);
export const Or = keyword('Or', /or/i);
export const Not = keyword('Not', /not/i);
export const In = keyword('In', /in/i);
/** LIKE or ILIKE. */
export const Match = createToken({ name: 'Match', pattern: Lexer.NA, label: 'LIKE' });
const Like = keyword('Like', /like/i, [Match]);
const Ilike = keyword('Ilike', /ilike/i, [Match]);
export const Is = keyword('Is', /is/i);
export const Null = keyword('Null', /null/i);
export const Nan = keyword('Nan', /nan/i);
/** ASC or DESC. */
export const Direction = createToken({ name: 'Direction', pattern: Lexer.NA, label: 'ASC or DESC' });
const Asc = keyword('Asc', /asc/i, [Direction]);
export const Desc = keyword('Desc', /desc/i, [Direction]);

export const Compare = createToken({ name: 'Compare', pattern: /<=|>=|!=|<>|==|=|<|>/, label: 'a comparison' });
export const Open = createToken({ name: 'Open', pattern: /\(/, label: '"("' });
export const Close = createToken({ name: 'Close', pattern: /\)/, label: '")"' });
export const Comma = createToken({ name: 'Comma', pattern: /,/, label: 'a comma' });
export const Dot = createToken({ name: 'Dot', pattern: /\./, label: '"."' });
export const Minus = createToken({ name: 'Minus', pattern: /-/, label: '"-"' });
const Space = createToken({ name: 'Space', pattern: /\s+/, line_breaks: true, group: Lexer.SKIPPED });

/** In the order in which the lexer tries them. */
export const tokenTypes: TokenType[] = [
  ...[Space, DateLiteral, Ago, NumberLiteral],
  ...[And, Or, Not, In, Match, Like, Ilike, Is, Null, Nan, Direction, Asc, Desc, Word],
  ...[Backtick, DoubleQuoted, SingleQuoted, Compare, Open, Close, Comma, Dot, Minus],
];

let lexer: Lexer | undefined;

/** Cuts a text into tokens. @throws FilterError at what is none */
export function tokensOf(source: SourceText) {
  // What Postgres cannot hold as text.
  const unholdable = /[\0\p{Cs}]/u.exec(source.text);
  if (unholdable)
    throw source.error(
      { start: unholdable.index, end: unholdable.index + 1 },
      'here is a character that is none in UTF-8',
    );
  lexer ??= new Lexer(tokenTypes, { positionTracking: 'onlyOffset' });
  const { tokens, errors } = lexer.tokenize(source.text);
  const [error] = errors;
  if (error) {
    const span = { start: error.offset, end: error.offset + error.length };
    throw source.error(span, faultOf(source.text[error.offset] ?? ''));
  }
  return tokens;
}

function faultOf(character: string): string {
  if (character === "'" || character === '"')
    return `the text that begins here has no closing ${character}; a quote inside it is written twice (${character}${character})`;
  if (character === '`') return 'the name that begins here has no closing `';
  if (character === ';') return 'there is one filter only, without ";"; join conditions with AND or OR';
  return `"${character}" means nothing here; comparisons are =, !=, <, <=, >, >=, LIKE, ILIKE, IN and IS NULL`;
}

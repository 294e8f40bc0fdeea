import { EOF, type IParserErrorMessageProvider, type IToken, tokenLabel } from 'chevrotain';

/** The rules that a whole text may be, and what may follow where one could end. */
export const ruleEndings = {
  filter: { rule: 'filter', next: 'AND, OR or the end' },
  order: { rule: 'order', next: 'ASC, DESC, a comma or the end' },
  columns: { rule: 'columns', next: 'a comma or the end' },
} as const;

/** A token as a message quotes it. */
function found(token: IToken | undefined): string {
  if (token === undefined || token.tokenType === EOF) return 'the end';
  const letters = [...token.image];
  return letters.length <= 40 ? token.image : `${letters.slice(0, 39).join('')}…`;
}

const fault = (expected: string, token: IToken | undefined): string => `expected ${expected}; found ${found(token)}`;

/** What the grammar says of a text that it does not know. */
export const describeFault: IParserErrorMessageProvider = {
  buildMismatchTokenMessage: ({ expected, actual }) => fault(tokenLabel(expected), actual),
  buildNotAllInputParsedMessage({ firstRedundant, ruleName }) {
    if (firstRedundant.image === ')') return 'this ")" closes nothing';
    const ending = Object.values(ruleEndings).find(({ rule }) => rule === ruleName);
    return fault(ending?.next ?? 'the end', firstRedundant);
  },
  buildNoViableAltMessage: ({ expectedPathsPerAlt, actual, customUserDescription }) =>
    fault(customUserDescription ?? labelsOf(expectedPathsPerAlt), actual[0]),
  buildEarlyExitMessage: ({ actual, customUserDescription, expectedIterationPaths }) =>
    fault(customUserDescription ?? labelsOf([expectedIterationPaths]), actual[0]),
};

function labelsOf(
  paths: Parameters<IParserErrorMessageProvider['buildNoViableAltMessage']>[0]['expectedPathsPerAlt'],
): string {
  const labels = [...new Set(paths.flat().flatMap(([first]) => (first === undefined ? [] : [tokenLabel(first)])))];
  const last = labels.pop() ?? 'something else';
  return labels.length === 0 ? last : `${labels.join(', ')} or ${last}`;
}

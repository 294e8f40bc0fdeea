import type { IToken } from 'chevrotain';
import type { Condition, Field, OrderKey } from './condition.js';
import { SourceText } from './filter-error.js';
import { FilterGrammar } from './grammar.js';
import { filterLimits } from './limits.js';
import { readTerm } from './read-term.js';
import { resolveField } from './resolve-field.js';
import type { ConditionSyntax, OrderSyntax } from './syntax.js';
import { Close, Open, tokensOf } from './tokens.js';

/**
 * Reads a filter. An empty one is true of every run.
 * @throws FilterError, and nothing else, whatever the text
 */
export function parseFilter(text: string): Condition {
  const source = new SourceText('filter', text);
  const syntax = read(source, (grammar) => grammar.filter());
  if (syntax === undefined) return { kind: 'all', of: [] };
  let terms = 0;
  const meaningOf = (node: ConditionSyntax): Condition => {
    switch (node.kind) {
      case 'all':
      case 'any':
        return { kind: node.kind, of: node.of.map(meaningOf) };
      case 'not':
        return { kind: 'not', of: meaningOf(node.of) };
      default:
        terms += 1;
        if (terms > filterLimits.terms)
          throw source.error(
            node.field,
            `a filter has at most ${filterLimits.terms} comparisons; lists go into IN (…)`,
          );
        return readTerm(source, node);
    }
  };
  return meaningOf(syntax);
}

/**
 * Reads an order: `metrics.loss DESC, created`, or `-metrics.loss,created`. Ascending unless it says otherwise, but a key
 * `best(…)` begins with the best.
 * @throws FilterError, and nothing else, whatever the text
 */
export function parseOrder(text: string): OrderKey[] {
  const source = new SourceText('order', text);
  const keys = read(source, (grammar) => grammar.order()) ?? [];
  const excess = keys[filterLimits.orderKeys];
  if (excess) throw source.error(excess, `an order has at most ${filterLimits.orderKeys} keys`);
  return keys.map((key) => orderKey(source, key));
}

function orderKey(source: SourceText, { field: spoken, minus, direction, ...span }: OrderSyntax): OrderKey {
  const field = resolveField(source, spoken);
  if (field.kind === 'attribute' && field.attribute === 'commit')
    throw source.error(spoken, 'a run may have several commits, so runs have no order by commit');
  if (minus && direction !== null)
    throw source.error(span, `the direction stands twice; write either -${source.quote(spoken)} or DESC`);
  if (minus || direction !== null) return { field, descending: minus || direction === 'desc' };
  const best = field.kind === 'metric' && spoken.called?.head.toLowerCase() === 'best';
  return { field, descending: best && field.summary === 'max' };
}

/** One column of a list of runs. */
export interface Column {
  /** As the text writes it. */
  readonly label: string;
  readonly field: Field;
}

/**
 * Reads a list of columns: `run,state,metrics.loss,params.optimizer.learningRate`; of nothing: none.
 * @throws FilterError, and nothing else, whatever the text
 */
export function parseColumns(text: string): Column[] {
  const source = new SourceText('columns', text);
  const fields = read(source, (grammar) => grammar.columns()) ?? [];
  const excess = fields[filterLimits.columns];
  if (excess) throw source.error(excess, `there are at most ${filterLimits.columns} columns`);
  return fields.map((field) => ({ label: text.slice(field.start, field.end), field: resolveField(source, field) }));
}

let grammar: FilterGrammar | undefined;

/** @returns undefined for a text of nothing but spaces */
function read<T>(source: SourceText, parse: (grammar: FilterGrammar) => T): T | undefined {
  const { kind, text } = source;
  if (text.length > filterLimits.length) {
    const start = filterLimits.length;
    throw source.error({ start, end: start }, `the ${kind} goes on beyond ${start} characters; shorten it`);
  }
  const tokens = tokensOf(source);
  if (tokens.length === 0) return undefined;
  refuseDepth(source, tokens);
  grammar ??= new FilterGrammar();
  grammar.input = tokens;
  const tree = parse(grammar);
  const [fault] = grammar.errors;
  if (!fault) return tree;
  const { startOffset } = fault.token;
  const start = Number.isFinite(startOffset) ? startOffset : text.length;
  throw source.error({ start, end: start }, fault.message);
}

/** Before the parser, which calls itself for each level. */
function refuseDepth(source: SourceText, tokens: readonly IToken[]): void {
  let depth = 0;
  for (const { tokenType, startOffset: start } of tokens) {
    depth += tokenType === Open ? 1 : tokenType === Close ? -1 : 0;
    if (depth > filterLimits.depth)
      throw source.error({ start, end: start + 1 }, `parentheses go at most ${filterLimits.depth} deep`);
  }
}

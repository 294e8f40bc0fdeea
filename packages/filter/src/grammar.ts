import { EmbeddedActionsParser, type IToken, type ParserMethod } from 'chevrotain';
import type { Span } from './filter-error.js';
import { durationOf, joinName, unquote } from './literals.js';
import type {
  ConditionSyntax,
  FieldSyntax,
  NameSyntax,
  OperatorSyntax,
  OrderSyntax,
  TermSyntax,
  ValueSyntax,
} from './syntax.js';
import { describeFault, ruleEndings } from './syntax-faults.js';
import * as t from './tokens.js';

type Rule<T> = ParserMethod<[], T>;

/**
 * The grammar of filters, orders and lists of columns; it knows words, not what they mean. Each parse sets `input` and calls
 * one of the three rules that are not in another.
 */
export class FilterGrammar extends EmbeddedActionsParser {
  constructor() {
    super(t.tokenTypes, { maxLookahead: 2, errorMessageProvider: describeFault });
    this.performSelfAnalysis();
  }

  readonly filter: Rule<ConditionSyntax> = this.RULE(ruleEndings.filter.rule, () => this.SUBRULE(this.any));

  readonly order: Rule<OrderSyntax[]> = this.RULE(ruleEndings.order.rule, () => {
    const keys: OrderSyntax[] = [];
    this.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => keys.push(this.SUBRULE(this.orderKey)), ERR_MSG: aField });
    return keys;
  });

  readonly columns: Rule<FieldSyntax[]> = this.RULE(ruleEndings.columns.rule, () => {
    const fields: FieldSyntax[] = [];
    this.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => fields.push(this.SUBRULE(this.field)), ERR_MSG: aField });
    return fields;
  });

  private readonly any: Rule<ConditionSyntax> = this.RULE('any', (): ConditionSyntax => {
    const of = [this.SUBRULE(this.all)];
    this.MANY(() => {
      this.CONSUME(t.Or);
      of.push(this.SUBRULE2(this.all));
    });
    return one(of) ?? { kind: 'any', of };
  });

  private readonly all: Rule<ConditionSyntax> = this.RULE('all', (): ConditionSyntax => {
    const of = [this.SUBRULE(this.unit)];
    this.MANY(() => {
      this.CONSUME(t.And);
      of.push(this.SUBRULE2(this.unit));
    });
    return one(of) ?? { kind: 'all', of };
  });

  private readonly unit: Rule<ConditionSyntax> = this.RULE('unit', (): ConditionSyntax => {
    let negated = false;
    this.MANY(() => {
      this.CONSUME(t.Not);
      negated = !negated;
    });
    const of: ConditionSyntax = this.OR({
      DEF: [
        {
          ALT: () => {
            this.CONSUME(t.Open);
            const inner = this.SUBRULE(this.any);
            this.CONSUME(t.Close);
            return inner;
          },
        },
        { ALT: () => this.SUBRULE(this.term) },
      ],
      ERR_MSG: `${aField}, or a parenthesis`,
    });
    return negated ? { kind: 'not', of } : of;
  });

  private readonly term: Rule<TermSyntax> = this.RULE('term', () => {
    const field = this.SUBRULE(this.field);
    return this.OR<TermSyntax>({
      DEF: [
        {
          ALT: () => {
            const operator = operatorOf(this.CONSUME(t.Compare));
            return { kind: 'compare', field, operator, value: this.SUBRULE(this.value) };
          },
        },
        {
          ALT: () => {
            const operator = operatorOf(this.CONSUME(t.Is));
            const negated = this.OPTION(() => this.CONSUME(t.Not)) !== undefined;
            const what = this.OR2([{ ALT: () => this.CONSUME(t.Null) }, { ALT: () => this.CONSUME(t.Nan) }]);
            return { kind: 'is', field, operator, negated, what: what.tokenType === t.Nan ? 'nan' : 'null' };
          },
        },
        {
          ALT: () => {
            const negated = this.OPTION2(() => this.CONSUME2(t.Not)) !== undefined;
            return this.OR3<TermSyntax>([
              {
                ALT: () => {
                  const operator = operatorOf(this.CONSUME(t.In));
                  const values: ValueSyntax[] = [];
                  this.CONSUME(t.Open);
                  this.AT_LEAST_ONE_SEP({
                    SEP: t.Comma,
                    DEF: () => values.push(this.SUBRULE2(this.value)),
                    ERR_MSG: aValue,
                  });
                  this.CONSUME(t.Close);
                  return { kind: 'in', field, operator, negated, values };
                },
              },
              {
                ALT: () => {
                  const operator = operatorOf(this.CONSUME(t.Match));
                  return { kind: 'like', field, operator, negated, value: this.SUBRULE3(this.value) };
                },
              },
            ]);
          },
        },
      ],
      ERR_MSG: 'a comparison (=, !=, <, <=, >, >=, LIKE, ILIKE, IN, IS NULL)',
    });
  });

  private readonly orderKey: Rule<OrderSyntax> = this.RULE('orderKey', (): OrderSyntax => {
    const minus = this.OPTION(() => this.CONSUME(t.Minus));
    const field = this.SUBRULE(this.field);
    const direction = this.OPTION2(() => this.CONSUME(t.Direction));
    return this.ACTION(() => ({
      field,
      minus: minus !== undefined,
      direction: direction === undefined ? null : direction.tokenType === t.Desc ? 'desc' : 'asc',
      start: minus?.startOffset ?? field.start,
      end: direction === undefined ? field.end : spanOf(direction).end,
    }));
  });

  private readonly field: Rule<FieldSyntax> = this.RULE('field', () => {
    const name = this.SUBRULE(this.name);
    const inner = this.OPTION(() => {
      this.CONSUME(t.Open);
      const argument = this.SUBRULE2(this.name);
      return { argument, close: this.CONSUME(t.Close) };
    });
    return this.ACTION(() =>
      inner === undefined
        ? { called: null, name, start: name.start, end: name.end }
        : { called: name, name: inner.argument, start: name.start, end: spanOf(inner.close).end },
    );
  });

  private readonly name: Rule<NameSyntax> = this.RULE('name', () => {
    const parts: IToken[] = [];
    this.AT_LEAST_ONE_SEP({
      SEP: t.Dot,
      DEF: () =>
        parts.push(
          this.OR({
            DEF: [
              { ALT: () => this.CONSUME(t.Word) },
              { ALT: () => this.CONSUME(t.Backtick) },
              { ALT: () => this.CONSUME(t.DoubleQuoted) },
            ],
            ERR_MSG: aField,
          }),
        ),
      ERR_MSG: aField,
    });
    return this.ACTION(() =>
      joinName(parts.map((token) => ({ image: token.image, word: token.tokenType === t.Word, ...spanOf(token) }))),
    );
  });

  private readonly value: Rule<ValueSyntax> = this.RULE('value', () =>
    this.OR<ValueSyntax>({
      DEF: [
        { ALT: () => literal(this.CONSUME(t.NumberLiteral), (image) => ({ kind: 'number', value: Number(image) })) },
        { ALT: () => literal(this.CONSUME(t.SingleQuoted), (image) => ({ kind: 'text', text: unquote(image) })) },
        { ALT: () => literal(this.CONSUME(t.DoubleQuoted), (image) => ({ kind: 'text', text: unquote(image) })) },
        { ALT: () => literal(this.CONSUME(t.DateLiteral), (image) => ({ kind: 'date', text: image })) },
        { ALT: () => literal(this.CONSUME(t.Ago), (image) => ({ kind: 'ago', agoMs: durationOf(image.slice(1)) })) },
        { ALT: () => literal(this.CONSUME(t.Word), (image) => ({ kind: 'word', text: image })) },
      ],
      ERR_MSG: aValue,
    }),
  );
}

const aField = 'a field such as metrics.loss, params.optimizer.learningRate or state';
const aValue = 'a value: a number, text in quotes or a date';

const spanOf = ({ startOffset, image }: IToken): Span => ({ start: startOffset, end: startOffset + image.length });

const operatorOf = (token: IToken): OperatorSyntax => ({ image: token.image, ...spanOf(token) });

type Unplaced<T> = T extends Span ? Omit<T, keyof Span> : never;

const literal = (token: IToken, read: (image: string) => Unplaced<ValueSyntax>): ValueSyntax =>
  ({ ...read(token.image), ...spanOf(token) }) as ValueSyntax;

const one = (of: readonly ConditionSyntax[]): ConditionSyntax | undefined => (of.length === 1 ? of[0] : undefined);

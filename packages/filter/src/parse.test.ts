import { describe, expect, it } from 'vitest';
import type { Condition, Field } from './condition.js';
import {
  FilterError,
  fieldsOf,
  filterLimits,
  formatField,
  namesArchived,
  parseColumns,
  parseFilter,
  parseOrder,
} from './index.js';

const loss = { kind: 'metric', metric: 'loss', summary: 'last' } as const;
const below = (value: number): Condition => ({ kind: 'number', field: loss, comparison: '<', value });

describe('a filter', () => {
  it('binds NOT closer than AND, and AND closer than OR', () => {
    expect(parseFilter('metrics.loss < 1 or not metrics.loss < 2 and metrics.loss < 3')).toEqual({
      kind: 'any',
      of: [below(1), { kind: 'all', of: [{ kind: 'not', of: below(2) }, below(3)] }],
    });
    expect(parseFilter('(metrics.loss < 1 OR metrics.loss < 2) AND NOT NOT metrics.loss < 3')).toEqual({
      kind: 'all',
      of: [{ kind: 'any', of: [below(1), below(2)] }, below(3)],
    });
    expect(parseFilter('not not not ((metrics.loss < 1))')).toEqual({ kind: 'not', of: below(1) });
  });

  it.each<[string, Field]>([
    ['metrics.pronounce.train.loss', { kind: 'metric', metric: 'pronounce.train.loss', summary: 'last' }],
    ['METRICS.Loss', { kind: 'metric', metric: 'Loss', summary: 'last' }],
    ['last(loss)', loss],
    ['last(metrics.loss)', loss],
    ['Min(pronounce.`val loss`)', { kind: 'metric', metric: 'pronounce.val loss', summary: 'min' }],
    ['max("a.b")', { kind: 'metric', metric: 'a.b', summary: 'max' }],
    ['best(a.validation.loss)', { kind: 'metric', metric: 'a.validation.loss', summary: 'min' }],
    ['best(metric.a.validation.accuracy)', { kind: 'metric', metric: 'a.validation.accuracy', summary: 'max' }],
    ['min(run.loss)', { kind: 'metric', metric: 'run.loss', summary: 'min' }],
    ['params.layers.0.size', { kind: 'param', key: 'layers.0.size' }],
    ['parameters.tasks."my task".weight', { kind: 'param', key: 'tasks.my task.weight' }],
    ['params.eval/loss-1:2@3', { kind: 'param', key: 'eval/loss-1:2@3' }],
    ['params.größe', { kind: 'param', key: 'größe' }],
    ['params.and', { kind: 'param', key: 'and' }],
    ['params."a""b"', { kind: 'param', key: 'a"b' }],
    ['step', { kind: 'attribute', attribute: 'step' }],
    ['attributes.target_steps', { kind: 'attribute', attribute: 'target_steps' }],
  ])('knows the field %s', (text, field) => {
    expect(parseFilter(`${text} = 1`)).toMatchObject({ kind: 'number', field, value: 1 });
    expect(parseFilter(`${formatField(field)} > 1`)).toMatchObject({ field });
  });

  it.each([
    ['metrics.loss = 1', 1],
    ['metrics.loss == 1.', 1],
    ['metrics.loss = .5', 0.5],
    ['metrics.loss = -1e-3', -0.001],
    ['metrics.loss = +2E2', 200],
  ])('reads the number of %s', (text, value) => {
    expect(parseFilter(text)).toEqual({ kind: 'number', field: loss, comparison: '=', value });
  });

  it.each([
    ["created > '2026-11-24'", { atMs: Date.UTC(2026, 10, 24) }],
    ['created > 2026-11-24', { atMs: Date.UTC(2026, 10, 24) }],
    ["created > '2026-11-24T17:45Z'", { atMs: Date.UTC(2026, 10, 24, 17, 45) }],
    ["created > '2026-11-24 17:45:01.5'", { atMs: Date.UTC(2026, 10, 24, 17, 45, 1, 500) }],
    ["created > '2026-11-24T17:45:00+0130'", { atMs: Date.UTC(2026, 10, 24, 16, 15) }],
    ['created > 2026-11-24T17:45:00-01:00', { atMs: Date.UTC(2026, 10, 24, 18, 45) }],
    ['created > 1664067852747', { atMs: 1664067852747 }],
    ['created > -1e300', { atMs: Date.parse('0001-01-01T00:00:00Z') }],
    ['created > 1e300', { atMs: Date.parse('9999-12-31T23:59:59.999Z') }],
    ['created > -7d', { agoMs: 604_800_000 }],
    ['created>-1.5h', { agoMs: 5_400_000 }],
    ['created > -90m', { agoMs: 5_400_000 }],
    ['created > -2w', { agoMs: 1_209_600_000 }],
    ['created > -30s', { agoMs: 30_000 }],
    ['created > -20ms', { agoMs: 20 }],
  ])('reads the time of %s', (text, value) => {
    expect(parseFilter(text)).toMatchObject({ kind: 'time', comparison: '>', value });
  });

  it.each<[string, Condition]>([
    [
      "params.a IN ('x', 'y''z')",
      { kind: 'texts', field: { kind: 'param', key: 'a' }, values: ['x', "y'z"], negated: false },
    ],
    [
      'params.a not in (1, 2.5)',
      { kind: 'numbers', field: { kind: 'param', key: 'a' }, values: [1, 2.5], negated: true },
    ],
    ['params.a = true', { kind: 'text', field: { kind: 'param', key: 'a' }, value: 'true', negated: false }],
    ['params.a <> 0.5', { kind: 'number', field: { kind: 'param', key: 'a' }, comparison: '!=', value: 0.5 }],
    [
      "note NOT ILIKE 'a\\%%'",
      {
        kind: 'like',
        field: { kind: 'attribute', attribute: 'note' },
        pattern: 'a\\%%',
        ignoreCase: true,
        negated: true,
      },
    ],
    ["state IN ('queued', 'FINISHED')", { kind: 'states', states: ['queued', 'finished'] }],
    ["status NOT IN ('RUNNING', 'SCHEDULED')", { kind: 'states', states: ['finished', 'failed', 'cancelled'] }],
    ['archived = true', { kind: 'archived', archived: true }],
    ["archived != 'true'", { kind: 'archived', archived: false }],
    ['metrics.loss IS NAN', { kind: 'nan', field: loss, negated: false }],
    ['best(loss) is not nan', { kind: 'nan', field: { ...loss, summary: 'min' }, negated: true }],
    ['ended IS NULL', { kind: 'present', field: { kind: 'attribute', attribute: 'ended' }, negated: true }],
  ])('means by %s', (text, condition) => {
    expect(parseFilter(text)).toEqual(condition);
  });

  it('knows of which fields it speaks, and whether of archived runs', () => {
    const filter = parseFilter(
      '(metrics.loss < 1 or params.a = 1) and not (metrics.loss < 2 and step > 1) and tags.b IS NULL',
    );
    expect(fieldsOf(filter)).toEqual([loss, { kind: 'param', key: 'a' }, { kind: 'tag', key: 'b' }]);
    expect(namesArchived(filter)).toBe(false);
    expect(namesArchived(parseFilter('step = 1 or not (archived = true)'))).toBe(true);
  });
});

describe('a mistake', () => {
  it.each([
    ['metrcs.loss < 3', 1, '"metrcs" is none of metrics, params, tags and attributes; did you mean metrics.loss?'],
    [
      'step > 1 and train.loss < 3',
      14,
      '"train" is none of metrics, params, tags and attributes; a metric is written metrics.train.loss',
    ],
    ['steps > 1', 1, 'a run has no attribute "steps"; did you mean step?'],
    ['(creatd > 1)', 2, 'a run has no attribute "creatd"; did you mean created?'],
    ['attributes.strat_time > 1', 1, 'a run has no attribute "strat_time"; did you mean start_time?'],
    ['metrics < 3', 1, '"metrics" needs a name after it: metrics.NAME'],
    ['params."" = 1', 1, 'the name in quotes is empty'],
    ['mim(loss) < 3', 1, '"mim" is none of best, last, min and max; did you mean min(…)?'],
    ['best(params.x) < 3', 6, 'best(…) takes a metric, such as best(metrics.loss)'],
    ['metrics.loss', 13, 'expected a comparison (=, !=, <, <=, >, >=, LIKE, ILIKE, IN, IS NULL); found the end'],
    ['metrics.loss <', 15, 'expected a value: a number, text in quotes or a date; found the end'],
    [
      'metrics.loss ~ 3',
      14,
      '"~" means nothing here; comparisons are =, !=, <, <=, >, >=, LIKE, ILIKE, IN and IS NULL',
    ],
    ["metrics.loss < 'low'", 16, "expected a number, because metrics.loss is one; found 'low'"],
    ['metrics.loss < "0.3"', 16, 'metrics.loss is a number: write 0.3 without quotes'],
    ['metrics.loss < 1e999', 16, 'the number is too large'],
    ["metrics.loss LIKE 'a'", 14, 'LIKE compares text, and metrics.loss is a number; use =, != or IN'],
    ["metrics.loss IN (1, 'b')", 21, "expected a number, because metrics.loss is one; found 'b'"],
    ['metrics.loss IN ()', 18, 'expected a value: a number, text in quotes or a date; found )'],
    ['metrics.loss IS 3', 17, 'expected NULL or NAN; found 3'],
    ['metrics.loss NOT < 3', 18, 'expected IN or LIKE; found <'],
    ['params.kind = adam', 15, "expected text in quotes: write 'adam'"],
    ['tags.a = 5', 10, "expected text in quotes: write '5'"],
    ["tags.a < 'x'", 8, '< does not compare text; use =, !=, LIKE or IN'],
    ["params.a < 'x'", 10, '< compares numbers: write the value without quotes'],
    ["note = 'a", 8, "the text that begins here has no closing '; a quote inside it is written twice ('')"],
    ['params.`a = 1', 8, 'the name that begins here has no closing `'],
    ["note like 'a\\'", 11, 'the pattern ends in a single \\, which takes the next character as it is; write \\\\'],
    ['note IS NAN', 6, 'only a metric can be NaN; use IS NULL'],
    ["status = 'finshed'", 10, 'no run is in a state "finshed"; did you mean \'finished\'?'],
    ['archived = 1', 12, 'expected true or false; found 1'],
    ['archived IS NULL', 10, 'archived is true or false; write archived = false'],
    ["created IN ('2026-01-01')", 9, 'created cannot be looked up in a list; compare it with = or <'],
    [
      "created > '2026-02-31'",
      11,
      "expected a time: '2026-11-24', '2026-11-24T17:45:00Z', -7d, or milliseconds since 1970; found '2026-02-31'",
    ],
    ['(metrics.a < 1', 15, 'expected ")"; found the end'],
    ['metrics.a < 1)', 14, 'this ")" closes nothing'],
    ['metrics.a < 1 metrics.b < 2', 15, 'expected AND, OR or the end; found metrics.b'],
    ['metrics.a < 1;', 14, 'there is one filter only, without ";"; join conditions with AND or OR'],
    [
      'or',
      1,
      'expected a field such as metrics.loss, params.optimizer.learningRate or state, or a parenthesis; found or',
    ],
    [
      "note = '\u{1f642}' and 3",
      16,
      'expected a field such as metrics.loss, params.optimizer.learningRate or state, or a parenthesis; found 3',
    ],
    ["note = 'a\0'", 10, 'here is a character that is none in UTF-8'],
    [
      "dataset.name = 'x'",
      1,
      'runs have no dataset inputs as MLflow has them; what data a run read is in its parameters, such as params.tasks.NAME.data.path',
    ],
  ])('in %s is at its column', (text, column, message) => {
    expect(() => parseFilter(text)).toThrowError(
      expect.objectContaining({
        message: `Column ${column} of the filter: ${message}`,
        at: { text: 'filter', column },
      }),
    );
  });

  it.each([
    ['created decs', 9, 'expected ASC, DESC, a comma or the end; found decs'],
    ['-created desc', 1, 'the direction stands twice; write either -created or DESC'],
    ['created, commit', 10, 'a run may have several commits, so runs have no order by commit'],
    ['created,', 9, 'expected a field such as metrics.loss, params.optimizer.learningRate or state; found the end'],
  ])('in the order %s is at its column', (text, column, message) => {
    expect(() => parseOrder(text)).toThrowError(
      expect.objectContaining({ message: `Column ${column} of the order: ${message}`, at: { text: 'order', column } }),
    );
  });
});

describe('limits', () => {
  it.each<[string, (count: number) => string, number]>([
    ['length', (count) => `note = '${'x'.repeat(count - 9)}'`, filterLimits.length],
    ['depth', (count) => `${'('.repeat(count)}step = 1${')'.repeat(count)}`, filterLimits.depth],
    ['terms', (count) => Array(count).fill('step = 1').join(' or '), filterLimits.terms],
    ['values', (count) => `step in (${Array(count).fill(1)})`, filterLimits.values],
  ])('of %s are kept', (_, filter, limit) => {
    expect(() => parseFilter(filter(limit))).not.toThrow();
    expect(() => parseFilter(filter(limit + 1))).toThrowError(FilterError);
  });

  it('hold for orders, columns and negations too', () => {
    const keys = (count: number) => Array(count).fill('step').join(',');
    expect(parseOrder(keys(filterLimits.orderKeys))).toHaveLength(filterLimits.orderKeys);
    expect(() => parseOrder(keys(filterLimits.orderKeys + 1))).toThrowError(/at most 8 keys/);
    expect(parseColumns(keys(filterLimits.columns))).toHaveLength(filterLimits.columns);
    expect(() => parseColumns(keys(filterLimits.columns + 1))).toThrowError(/at most 64 columns/);
    expect(parseFilter(`${'not '.repeat(2_001)}step = 1`)).toMatchObject({ kind: 'not', of: { kind: 'number' } });
    expect(() => parseFilter('('.repeat(8_192))).toThrowError(/at most 32 deep/);
  });
});

describe('an order', () => {
  it.each([
    ['', []],
    ['-created', [{ field: { kind: 'attribute', attribute: 'created' }, descending: true }]],
    [
      'metrics.loss,step desc',
      [
        { field: loss, descending: false },
        { field: { kind: 'attribute', attribute: 'step' }, descending: true },
      ],
    ],
    ['best(a.loss)', [{ field: { kind: 'metric', metric: 'a.loss', summary: 'min' }, descending: false }]],
    ['best(a.accuracy)', [{ field: { kind: 'metric', metric: 'a.accuracy', summary: 'max' }, descending: true }]],
    ['best(a.accuracy) asc', [{ field: { kind: 'metric', metric: 'a.accuracy', summary: 'max' }, descending: false }]],
  ])('by "%s"', (text, keys) => {
    expect(parseOrder(text)).toEqual(keys);
  });
});

it('columns are named as they are written', () => {
  expect(parseColumns('run, best( a.loss ),params."a b"').map(({ label }) => label)).toEqual([
    'run',
    'best( a.loss )',
    'params."a b"',
  ]);
  expect(parseColumns(' ')).toEqual([]);
});

it.each(['a b', 'a`b', 'a"b`c', 'and', '0', 'a..b', '.', "'", 'é', '(x)'])(
  'writes the key %s so that it is read again',
  (key) => {
    const fields: Field[] = [
      { kind: 'param', key },
      { kind: 'tag', key },
      ...(['last', 'min', 'max'] as const).map((summary) => ({ kind: 'metric', metric: key, summary }) as const),
    ];
    expect(parseColumns(fields.map(formatField).join(',')).map(({ field }) => field)).toEqual(fields);
  },
);

import { describe, expect, it } from 'vitest';
import type { Condition } from './condition.js';
import { parseFilter, parseOrder } from './index.js';

const metric = (name: string) => ({ kind: 'metric', metric: name, summary: 'last' }) as const;
const param = (key: string) => ({ kind: 'param', key }) as const;
const tag = (key: string) => ({ kind: 'tag', key }) as const;
const attribute = (name: 'run' | 'created' | 'ended' | 'parent' | 'commit' | 'note') =>
  ({ kind: 'attribute', attribute: name }) as const;
const is = (
  field: ReturnType<typeof param | typeof tag | typeof attribute>,
  value: string,
  negated = false,
): Condition => ({
  kind: 'text',
  field,
  value,
  negated,
});
const compares = (name: string, comparison: '=' | '!=' | '<' | '<=' | '>' | '>=', value: number): Condition => ({
  kind: 'number',
  field: metric(name),
  comparison,
  value,
});
const like = (field: ReturnType<typeof tag | typeof param>, pattern: string, ignoreCase: boolean): Condition => ({
  ...{ kind: 'like', field, pattern, ignoreCase },
  negated: false,
});
const both = (...of: Condition[]): Condition => ({ kind: 'all', of });

// Strings of MLflow's documentation and of what its users write.
describe('a string of MLflow', () => {
  it.each<[string, Condition]>([
    ['metrics.accuracy > 0.92', compares('accuracy', '>', 0.92)],
    ['metrics."accuracy" > 0.72', compares('accuracy', '>', 0.72)],
    ['metrics.`f1 score` > 0.5', compares('f1 score', '>', 0.5)],
    ['metrics.`log-scale-loss` <= 0', compares('log-scale-loss', '<=', 0)],
    ['metrics."2019-04-02 error rate" != -1.5e3', compares('2019-04-02 error rate', '!=', -1500)],
    ['metric.acc>=100', compares('acc', '>=', 100)],
    ['`metric`.a >= 0.1', compares('a', '>=', 0.1)],
    ['metrics."X//Y#$$@&Z" = 3', compares('X//Y#$$@&Z', '=', 3)],
    ['metrics."accuracy.2.0" > 5', compares('accuracy.2.0', '>', 5)],
    ['metrics.loss <= 0.15 AND metrics.loss >= 0.1', both(compares('loss', '<=', 0.15), compares('loss', '>=', 0.1))],
    ["metrics.rmse < 1 and params.model_class = 'LR'", both(compares('rmse', '<', 1), is(param('model_class'), 'LR'))],
    [
      'params.alpha = "0.3" and params.lambda = "0.001" and metrics.error <= 0.05',
      both(is(param('alpha'), '0.3'), is(param('lambda'), '0.001'), compares('error', '<=', 0.05)),
    ],
    ["params.m!='tf'", is(param('m'), 'tf', true)],
    ['params."m"!="tf"', is(param('m'), 'tf', true)],
    ['parameter.`model-type` = "a"', is(param('model-type'), 'a')],
    ['param.m = "L\'Hosp"', is(param('m'), "L'Hosp")],
    ['params.batch_size != "None"', is(param('batch_size'), 'None', true)],
    ['params.model LIKE "GPT%"', like(param('model'), 'GPT%', false)],
    ["tags.`model` LIKE 'sklearn%'", like(tag('model'), 'sklearn%', false)],
    ["tags.`type` ILIKE '%Logistic%'", like(tag('type'), '%Logistic%', true)],
    ["tags.`mlflow.user` = 'john@mlflow.com'", is(tag('mlflow.user'), 'john@mlflow.com')],
    ['tag."t.a.g" = "a"', is(tag('t.a.g'), 'a')],
    ["tags.mlflow.runName = 'my-run'", is(attribute('run'), 'my-run')],
    ["tags.`mlflow.parentRunId` = 'a1b2c3d4'", is(attribute('parent'), 'a1b2c3d4')],
    ['tags."mlflow.parentRunId" IS NULL', { kind: 'present', field: attribute('parent'), negated: true }],
    ["tags.mlflow.source.git.commit = '1f0c'", is(attribute('commit'), '1f0c')],
    ["tags.mlflow.note.content = 'x'", is(attribute('note'), 'x')],
    ['tags.version IS NULL', { kind: 'present', field: tag('version'), negated: true }],
    ['params.lr IS NOT NULL', { kind: 'present', field: param('lr'), negated: false }],
    ['attributes.status = "FINISHED"', { kind: 'states', states: ['finished'] }],
    ["run.status = 'RUNNING'", { kind: 'states', states: ['running', 'recovering'] }],
    [
      "attr.status != 'KILLED'",
      { kind: 'states', states: ['queued', 'running', 'recovering', 'paused', 'finished', 'failed'] },
    ],
    ["attributes.run_id = 'a1b2c3d4'", is(attribute('run'), 'a1b2c3d4')],
    ["attributes.run_name = 'my-run'", is(attribute('run'), 'my-run')],
    ["attributes.user_id LIKE 'user1'", like(tag('mlflow.user'), 'user1', false)],
    ...['`run_name`', '`run name`', '`Run name`', '`Run Name`', 'run_id'].map((name): [string, Condition] => [
      `attributes.${name} IN ('alpha', 'beta', 'gamma')`,
      { kind: 'texts', field: attribute('run'), values: ['alpha', 'beta', 'gamma'], negated: false },
    ]),
    ...['attributes.created', 'attributes.Created', 'attributes.start_time', 'attribute.start_time'].map(
      (name): [string, Condition] => [
        `${name} > 1670628787527`,
        { kind: 'time', field: attribute('created'), comparison: '>', value: { atMs: 1670628787527 } },
      ],
    ),
    [
      'attributes.end_time < 1664067852747',
      { kind: 'time', field: attribute('ended'), comparison: '<', value: { atMs: 1664067852747 } },
    ],
    ['', both()],
  ])('%s', (text, condition) => {
    expect(parseFilter(text)).toEqual(condition);
  });

  it.each([
    ['metrics.acc DESC', metric('acc'), true],
    ['metrics.`Mean Square Error` ASC', metric('Mean Square Error'), false],
    ['params.my_param aSc', param('my_param'), false],
    ['tags.tag1    DESC', tag('tag1'), true],
    ['attributes.start_time', attribute('created'), false],
  ])('orders: %s', (text, field, descending) => {
    expect(parseOrder(text)).toEqual([{ field, descending }]);
  });

  // What MLflow refuses is refused, and so are things that runs here do not have.
  it.each([
    'm.acc >= 0.94',
    'acc >= 0.94',
    'attri.x != 1',
    "model >= 'LR'",
    'metric.acc >= 0.94; metrics.rmse < 1',
    "metrics.A > 0.1 NAND params.B = 'LR'",
    '`metrics.A > 0.1',
    'param`.A > 0.1',
    'attribute.start != 1',
    "attribute.lifecycle_stage = 'ACTIVE'",
    "attribute._status != 'RUNNING'",
    'attribute.status = true',
    "metric.model = 'LR'",
    "metric.model = '5'",
    'tags.acc = 5',
    'metrics.acc != metrics.acc',
    '1.0 > metrics.acc',
    'attribute.status = 1',
    'params.acc = LR',
    'params.acc = `LR`',
    "params.acc = 'LR",
    "params.acc = LR'",
    'params.acc = "LR\'',
    "tags.acc = = 'LR'",
    "attribute.status IS 'RUNNING'",
    'params.acc LR !=',
    'metric.acc !=',
    '1=1',
    'metrics.abc ~ 1.0',
    "params.abc > 'my-param-value'",
    "attributes.status > 'my-tag-value'",
    'attributes.start_time LIKE 1234',
    "tag.'test' = 'abc'",
    "attributes.artifact_uri = 'models:/mymodel/1'",
    "attributes.status = 'ACTIVE'",
    "datasets.name LIKE 'custom'",
  ])('is refused: %s', (text) => {
    expect(() => parseFilter(text)).toThrowError(expect.objectContaining({ code: 'FILTER_INVALID' }));
  });

  it.each(['m.acc', 'acc', '`metrics.A', '`metrics.A`', 'metrics.A != 1', 'attribute.run_id ACS', 'attribute.start'])(
    'orders nothing: %s',
    (text) => {
      expect(() => parseOrder(text)).toThrowError(expect.objectContaining({ code: 'FILTER_INVALID' }));
    },
  );
});

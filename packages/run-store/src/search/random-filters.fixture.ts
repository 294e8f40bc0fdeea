import { runStates } from '@tributary/protocol';
import type { RandomStream } from '@tributary/random';
import { pick, words } from './random-runs.fixture.js';

const comparisons = ['=', '!=', '<', '<=', '>', '>='];
const text = (stream: RandomStream): string => `'${pick(stream, words.texts).replaceAll("'", "''")}'`;
const pattern = (stream: RandomStream): string =>
  `'${Array.from({ length: 1 + stream.below(3) }, () => pick(stream, ['%', '_', 'a', 'É', '.', '\\%', '\\\\'])).join('')}'`;
const number = (stream: RandomStream): string => String(pick(stream, words.numbers));
const time = (stream: RandomStream): string =>
  pick(stream, ["'2026-11-03'", '2026-11-03', "'2026-11-02T12:00:00+12:00'", '1793577600000', '-3d', '-72h']);

export function randomMetric(stream: RandomStream): string {
  const metric = pick(stream, words.metrics);
  return pick(stream, [
    `metrics.${metric}`,
    `metric.\`${metric}\``,
    `best(${metric})`,
    `min(${metric})`,
    `max(metrics.${metric})`,
  ]);
}
const randomParam = (stream: RandomStream): string =>
  `${pick(stream, ['params', 'parameter'])}.${pick(stream, words.params)}`;
const randomTag = (stream: RandomStream): string => `tags."${pick(stream, words.tags)}"`;
const textAttributes = ['run', 'attributes.experiment', 'reason', 'parent', 'note', 'commit', 'attr.state_hash'];
const numberAttributes = ['step', 'run.target_steps', 'attempt'];
const timeAttributes = ['created', 'attributes.start_time', 'started', 'end_time'];

function randomTerm(stream: RandomStream): string {
  const numeric = pick(stream, [randomMetric(stream), randomParam(stream), pick(stream, numberAttributes)]);
  const textual = pick(stream, [randomParam(stream), randomTag(stream), pick(stream, textAttributes)]);
  const not = pick(stream, ['', 'NOT ']);
  switch (stream.below(10)) {
    case 0:
    case 1:
      return `${numeric} ${pick(stream, comparisons)} ${number(stream)}`;
    case 2:
      return `${numeric} ${not}IN (${number(stream)}, ${number(stream)})`;
    case 3:
      return `${textual} ${pick(stream, ['=', '!='])} ${text(stream)}`;
    case 4:
      return `${textual} ${not}IN (${text(stream)}, ${text(stream)})`;
    case 5:
      return `${textual} ${not}${pick(stream, ['LIKE', 'ilike'])} ${pattern(stream)}`;
    case 6:
      return `${pick(stream, timeAttributes)} ${pick(stream, comparisons)} ${time(stream)}`;
    case 7:
      return `state ${pick(stream, ['=', '!='])} '${pick(stream, [...runStates, 'RUNNING', 'KILLED'])}'`;
    case 8:
      return `${pick(stream, [randomMetric(stream), textual, 'target_steps', 'ended'])} IS ${not}NULL`;
    default:
      return pick(stream, [`${randomMetric(stream)} is ${not}nan`, `archived = ${pick(stream, ['true', 'false'])}`]);
  }
}

/** A filter over the fields and values of random runs. */
export function randomFilter(stream: RandomStream, depth = 3): string {
  const inner = () => randomFilter(stream, depth - 1);
  switch (depth === 0 ? 3 : stream.below(5)) {
    case 0:
      return `${inner()} AND ${inner()}`;
    case 1:
      return `(${inner()} or ${inner()})`;
    case 2:
      return `NOT (${inner()})`;
    default:
      return randomTerm(stream);
  }
}

/** Every kind of key that an order may have. */
export const orderFields = [
  ...words.metrics.flatMap((metric) => [`metrics.${metric}`, `min(${metric})`, `max(${metric})`]),
  ...words.params.map((key) => `params.${key}`),
  ...words.tags.map((key) => `tags.\`${key}\``),
  ...[...textAttributes, ...numberAttributes, ...timeAttributes, 'state', 'archived'].filter(
    (name) => name !== 'commit',
  ),
];

export function randomOrder(stream: RandomStream): string {
  return Array.from(
    { length: 1 + stream.below(3) },
    () => `${pick(stream, orderFields)}${pick(stream, ['', ' asc', ' DESC'])}`,
  ).join(', ');
}

import { metricDirection, nearestName } from '@tributary/protocol';
import { attributeNames, findAttribute, spokenAttributeNames } from './attributes.js';
import type { Field, MetricField, MetricSummary } from './condition.js';
import type { SourceText } from './filter-error.js';
import type { FieldSyntax, NameSyntax } from './syntax.js';

/** What stands before the dot, in MLflow's spellings; the first is ours. */
const prefixes = {
  metric: ['metrics', 'metric'],
  param: ['params', 'param', 'parameters', 'parameter'],
  tag: ['tags', 'tag'],
  attribute: ['attributes', 'attribute', 'attr', 'run'],
  dataset: ['datasets', 'dataset'],
} as const;
type Prefix = keyof typeof prefixes;

function prefixOf(head: string): Prefix | undefined {
  const plain = head.toLowerCase();
  return (Object.keys(prefixes) as Prefix[]).find((kind) => (prefixes[kind] as readonly string[]).includes(plain));
}

const summaries = ['best', 'last', 'max', 'min'] as const;

/** What MLflow keeps in tags of its own, and its readers are told as such, is an attribute here. */
const mlflowTags: ReadonlyMap<string, Field> = new Map(
  (
    [
      ['mlflow.runName', 'run'],
      ['mlflow.note.content', 'note'],
      ['mlflow.parentRunId', 'parent'],
      ['mlflow.source.git.commit', 'commit'],
    ] as const
  ).map(([key, attribute]) => [key, { kind: 'attribute', attribute }]),
);

/** What a field of the text means. @throws FilterError for one that there is not */
export function resolveField(source: SourceText, { called, name }: FieldSyntax): Field {
  if (called !== null) return resolveCall(source, called, name);
  const { head, rest } = name;
  if (rest === null) return resolveAttribute(source, name, head);
  const prefix = prefixOf(head);
  if (rest === '') throw source.error(name, 'the name in quotes is empty');
  switch (prefix) {
    case 'metric':
      return { kind: 'metric', metric: rest, summary: 'last' };
    case 'param':
      return { kind: 'param', key: rest };
    case 'tag':
      return mlflowTags.get(rest) ?? { kind: 'tag', key: rest };
    case 'attribute':
      return resolveAttribute(source, name, rest);
    case 'dataset':
      throw source.error(
        name,
        'runs have no dataset inputs as MLflow has them; what data a run read is in its parameters, such as params.tasks.NAME.data.path',
      );
    case undefined: {
      const meant = nearestName(head, ['metrics', 'params', 'tags', 'attributes']);
      const full = source.quote(name);
      throw source.error(
        name,
        meant === undefined
          ? `"${head}" is none of metrics, params, tags and attributes; a metric is written metrics.${full}`
          : `"${head}" is none of metrics, params, tags and attributes; did you mean ${meant}.${rest}?`,
      );
    }
  }
}

/** `best(pronounce.validation.loss)`; the metric may be written with its prefix. */
function resolveCall(source: SourceText, called: NameSyntax, name: NameSyntax): MetricField {
  const spoken = source.quote(called);
  const summary = called.rest === null ? summaries.find((known) => known === called.head.toLowerCase()) : undefined;
  if (summary === undefined) {
    const meant = nearestName(spoken, summaries);
    throw source.error(
      called,
      `"${spoken}" is none of best, last, min and max${meant === undefined ? '' : `; did you mean ${meant}(…)?`}`,
    );
  }
  const prefix = name.rest === null ? undefined : prefixOf(name.head);
  if (prefix !== undefined && prefix !== 'metric' && prefix !== 'dataset' && name.head.toLowerCase() !== 'run')
    throw source.error(name, `${summary}(…) takes a metric, such as ${summary}(metrics.loss)`);
  const metric =
    prefix === 'metric' ? (name.rest ?? '') : [name.head, ...(name.rest === null ? [] : [name.rest])].join('.');
  if (metric === '') throw source.error(name, 'the name in quotes is empty');
  return { kind: 'metric', metric, summary: summary === 'best' ? bestOf(metric) : summary };
}

/** Whether the least or the greatest value of a metric is its best. */
export function bestOf(metric: string): Exclude<MetricSummary, 'last'> {
  return metricDirection(metric);
}

function resolveAttribute(source: SourceText, name: NameSyntax, spoken: string): Field {
  const attribute = findAttribute(spoken);
  if (attribute !== undefined) return { kind: 'attribute', attribute };
  // MLflow's client sets the tag; a run here has no other user.
  if (spoken.toLowerCase() === 'user_id') return { kind: 'tag', key: 'mlflow.user' };
  const prefix = name.rest === null ? prefixOf(spoken) : undefined;
  if (prefix !== undefined) throw source.error(name, `"${spoken}" needs a name after it: ${prefixes[prefix][0]}.NAME`);
  const meant = nearestName(spoken, spokenAttributeNames);
  throw source.error(
    name,
    `a run has no attribute "${spoken}"; ${
      meant === undefined ? `its attributes are ${attributeNames.join(', ')}` : `did you mean ${meant}?`
    }${name.rest === null && meant === undefined ? `; a metric is written metrics.${spoken}` : ''}`,
  );
}

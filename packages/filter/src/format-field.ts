import type { Field } from './condition.js';

const plainKey = /^[\p{L}\p{M}\p{N}_$/@:-]+(\.[\p{L}\p{M}\p{N}_$/@:-]+)*$/u;

/** A key as a filter takes it: in quotes where it needs them. */
function quoteKey(key: string): string {
  if (plainKey.test(key)) return key;
  return key.includes('`') ? `"${key.replaceAll('"', '""')}"` : `\`${key}\``;
}

/** A field as a filter, an order and a list of columns take it. */
export function formatField(field: Field): string {
  switch (field.kind) {
    case 'metric':
      return field.summary === 'last'
        ? `metrics.${quoteKey(field.metric)}`
        : `${field.summary}(metrics.${quoteKey(field.metric)})`;
    case 'param':
      return `params.${quoteKey(field.key)}`;
    case 'tag':
      return `tags.${quoteKey(field.key)}`;
    case 'attribute':
      return field.attribute;
  }
}

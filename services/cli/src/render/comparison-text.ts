import type { ComparedMetricDocument, ComparedRunDocument, ComparisonDocument } from '@tributary/protocol';
import color from 'picocolors';
import { formatDuration, formatShare, formatValue, printable } from './quantities.js';
import { sideBySide } from './side-by-side.js';
import { denseTable, shorten } from './tables.js';

/** Which runs, then the fields of their run files and the metrics in which they differ. */
export function comparisonText(document: ComparisonDocument): string {
  const { runs, params, metrics } = document;
  const letters = runs.map((_, place) => letterOf(place));
  const parts = [runsTable(runs, letters), stateHashes(document)];
  if (params.length > 0)
    parts.push(
      sideBySide({
        title: 'parameter',
        heads: letters,
        rows: params.map(({ key, values }) => ({ name: key, cells: values.map((value) => value ?? '–') })),
      }),
    );
  if (metrics.length > 0) {
    parts.push(
      sideBySide({
        title: document.by === 'last' ? 'metric, last' : 'metric, best',
        heads: letters,
        rows: metrics.toSorted(byKind).map((metric) => ({ name: nameOf(metric), cells: cells(metric, document.by) })),
        numeric: true,
      }),
    );
    if (metrics.some(({ best }) => best.length > 0))
      parts.push(color.dim('* best of these runs, ↓ less is better, ↑ more is better'));
  }
  return [...parts, equalPart(document)].filter((part) => part !== '').join('\n\n');
}

/** A, B, … Z, AA, … */
function letterOf(place: number): string {
  const letter = String.fromCharCode('A'.charCodeAt(0) + (place % 26));
  return place < 26 ? letter : `${letterOf(Math.floor(place / 26) - 1)}${letter}`;
}

function runsTable(runs: readonly ComparedRunDocument[], letters: readonly string[]): string {
  const rows = runs.map(({ run, state, step, targetSteps, seconds, goodput, stateHash }, place) => [
    letters[place] ?? '',
    shorten(run, 40),
    state,
    targetSteps === null || targetSteps === step ? String(step) : `${step}/${targetSteps}`,
    seconds === null ? '' : formatDuration(seconds * 1_000),
    goodput === null ? '' : formatShare(goodput),
    stateHash?.slice(0, 12) ?? '',
  ]);
  return denseTable(['', 'run', 'state', 'steps', 'time', 'goodput', 'state hash'], rows, [3, 4, 5]);
}

function stateHashes({ equalStateHash }: ComparisonDocument): string {
  return equalStateHash === true ? color.green('All have the same state hash: bit for bit the same result.') : '';
}

const ranks = ['test', 'validation', 'train'];

/** Results on held-out data first, what steps cost last. */
function byKind(one: ComparedMetricDocument, other: ComparedMetricDocument): number {
  const rankOf = ({ metric, kind }: ComparedMetricDocument) => {
    if (kind === 'timing') return ranks.length + 1;
    const place = ranks.findIndex((split) => metric.includes(`.${split}.`));
    return place === -1 ? ranks.length : place;
  };
  return rankOf(one) - rankOf(other) || one.metric.localeCompare(other.metric);
}

function nameOf({ metric, direction }: ComparedMetricDocument): string {
  return direction === null ? metric : `${metric} ${direction === 'min' ? '↓' : '↑'}`;
}

function cells({ values, best, direction }: ComparedMetricDocument, by: ComparisonDocument['by']): string[] {
  const marked = best.length > 0;
  return values.map((value, place) => {
    if (value === null) return marked ? '– ' : '–';
    const shown = by === 'best' && direction !== null ? value[direction] : value.last;
    const text = shown === null ? 'not finite' : formatValue(shown);
    return marked ? `${text}${best.includes(place) ? '*' : ' '}` : text;
  });
}

function equalPart({ runs, equal, params, metrics }: ComparisonDocument): string {
  const all = runs.length === 2 ? 'both' : `all ${runs.length}`;
  const lines: string[] = [];
  if (params.length === 0) lines.push(`No parameter differs: ${all} have the same run file.`);
  if (metrics.length === 0)
    lines.push(
      equal.metrics === 0 ? 'None of them has recorded a metric.' : `No metric differs: ${all} recorded the same.`,
    );
  const hidden = [
    ...(equal.params > 0 && params.length > 0 ? [`${equal.params} parameters`] : []),
    ...(equal.metrics > 0 && metrics.length > 0 ? [`${equal.metrics} metrics`] : []),
  ];
  if (hidden.length > 0)
    lines.push(color.dim(printable(`Equal in ${all}: ${hidden.join(' and ')}; see them with --all`)));
  return lines.join('\n');
}

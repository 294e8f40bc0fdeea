import type { DifferenceDocument, RunDiffDocument } from '@tributary/protocol';
import color from 'picocolors';
import { printable } from './quantities.js';
import { cutHashes } from './run-lineage.js';
import { sideBySide } from './side-by-side.js';

const sections = [
  ['config', 'run file'],
  ['code', 'code'],
  ['packages', 'packages'],
  ['data', 'data'],
  ['machine', 'machine'],
] as const;

/** What differs between what two runs were made of, and whether their results do. */
export function diffText(document: RunDiffDocument): string {
  const { from, to, untold } = document;
  const differing = sections.filter(([section]) => document[section].length > 0);
  const parts = differing.map(([section, title]) => differences(title, [from.run, to.run], document[section]));
  const equal = sections
    .filter(([section]) => document[section].length === 0)
    .filter(([section]) => untold.length === 0 || section === 'config')
    .map(([, title]) => title);
  if (differing.length === 0 && untold.length === 0)
    parts.push(
      `Nothing differs between ${printable(from.run)} and ${printable(to.run)}: run file, code, packages, data and machine are the same.`,
    );
  else if (equal.length > 0) parts.push(color.dim(`No difference in: ${equal.join(', ')}`));
  for (const run of untold)
    parts.push(
      color.yellow(
        `No worker has told of ${printable(run)} what it was made of; code, packages, data and machine are not compared.`,
      ),
    );
  parts.push(stateHashLine(document));
  return parts.join('\n\n');
}

function differences(title: string, heads: readonly string[], found: readonly DifferenceDocument[]): string {
  return sideBySide({
    title,
    heads,
    rows: found.map(({ field, from, to }) => ({ name: field, cells: [valueText(from), valueText(to)] })),
  });
}

function valueText(value: unknown): string {
  if (value === null) return '–';
  return cutHashes(typeof value === 'string' ? value : JSON.stringify(value));
}

function stateHashLine({ equalStateHash, from, to }: RunDiffDocument): string {
  if (equalStateHash === true) return color.green(`The state hash is the same: ${from.stateHash}`);
  if (equalStateHash === false)
    return `The state hash differs: ${from.stateHash?.slice(0, 16)} (step ${from.step}), ${to.stateHash?.slice(0, 16)} (step ${to.step})`;
  const none = [from, to].filter(({ stateHash }) => stateHash === null).map(({ run }) => run);
  return `The state hash cannot be compared: ${printable(none.join(' and '))} ${none.length === 1 ? 'has' : 'have'} none yet`;
}

import type { RelativeDocument, RunLineageDocument } from '@tributary/protocol';
import color from 'picocolors';
import { printable } from './quantities.js';
import { cutHashes, runLineage } from './run-lineage.js';
import { table } from './tables.js';

/** What a run comes from, what came of it, its uploaded files and what it was made of. */
export function lineageText(document: RunLineageDocument): string {
  const { run, ancestors, descendants, more, files, facts } = document;
  const parts = [
    branches('Comes from', run, ancestors),
    branches('Led to', run, descendants),
    more ? color.dim('There are more, further away.') : '',
    uploaded(files),
    runLineage(facts),
  ].filter((part) => part !== '');
  if (ancestors.length + descendants.length === 0)
    parts.unshift(
      `Run ${printable(run)} was launched by itself, and no run was forked from it or begins with its parameters.`,
    );
  if (facts.length === 0) parts.push('No worker has told yet what it was made of: it has not trained.');
  return parts.join('\n\n');
}

/** A tree: each run under the one that it was reached from. */
function branches(title: string, run: string, relatives: readonly RelativeDocument[]): string {
  if (relatives.length === 0) return '';
  const shown = new Set<string>();
  const lines = (of: string, depth: number): string[] =>
    relatives
      .filter((relative) => relative.of === of)
      .flatMap((relative) => [
        `${'  '.repeat(depth + 1)}${relativeText(relative)}`,
        // A run that can be reached in two ways has its own branches once.
        ...branchesOf(relative.run, depth + 1),
      ]);
  const branchesOf = (of: string, depth: number): string[] => {
    if (shown.has(of)) return [];
    shown.add(of);
    return lines(of, depth);
  };
  return [color.bold(title), ...branchesOf(run, 0)].join('\n');
}

function relativeText({ run, relation, step, state }: RelativeDocument): string {
  const what = relation === 'fork' ? 'fork, whole state' : 'init, parameters';
  const at = step === null ? 'newest checkpoint' : `step ${step}`;
  return `${printable(run)}  ${color.dim(`${what} of ${at}; ${state ?? 'gone'}`)}`;
}

function uploaded(files: Readonly<Record<string, string>>): string {
  const rows = Object.entries(files).map(([path, key]) => [path, cutHashes(key)]);
  return rows.length === 0 ? '' : `${color.bold('Uploaded files')}\n${table(['path', 'bytes'], rows)}`;
}

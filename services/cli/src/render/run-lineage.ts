import type { LineageDocument } from '@tributary/protocol';
import color from 'picocolors';
import { shorten, table } from './tables.js';

/** Rows that come first, in this order; others follow by name. */
const firstRows = ['seed', 'threads', 'commit', 'backend', 'device', 'processor', 'platform', 'node', 'packages'];
/** The generations' table names each member's worker. */
const shownElsewhere = ['worker'];
const splits = ['train', 'validation', 'test'];
const widestValue = 200;

/** What the run was made of, one row a kind of fact; what all members and generations agree on is said once. */
export function runLineage(entries: readonly LineageDocument[]): string {
  const rows = new Map<string, { readonly label: string; readonly value: string }[]>();
  for (const [key, reported] of byKey(entries)) {
    if (shownElsewhere.includes(key)) continue;
    const { row, label } = placeOf(key);
    const items = rows.get(row) ?? [];
    items.push({ label, value: agreed(reported) });
    rows.set(row, items);
  }
  if (rows.size === 0) return '';
  const drawn = [...rows]
    .sort(([a], [b]) => rank(a) - rank(b) || a.localeCompare(b))
    .map(([row, items]) => [row, shorten(items.sort(bySplit).map(itemText).join(', '), widestValue)]);
  return `${color.bold('Lineage')} ${color.dim('(hashes are cut short; --json has them whole)')}\n${table(['what', 'value'], drawn)}`;
}

function byKey(entries: readonly LineageDocument[]): Map<string, LineageDocument[]> {
  const keys = new Map<string, LineageDocument[]>();
  for (const entry of entries) keys.set(entry.key, [...(keys.get(entry.key) ?? []), entry]);
  return keys;
}

/** `package.X` are one row, the three splits of a task too. */
function placeOf(key: string): { readonly row: string; readonly label: string } {
  if (key === 'package-lock.sha256') return { row: 'packages', label: 'package-lock.json' };
  if (key.startsWith('package.')) return { row: 'packages', label: key.slice('package.'.length) };
  const split = /^data\.([A-Za-z0-9_-]+)\.(train|validation|test)\.sha256$/.exec(key);
  if (split !== null) return { row: `data of ${split[1]}`, label: split[2] as string };
  if (key.startsWith('data.')) return { row: 'data source', label: key.slice('data.'.length) };
  return { row: key, label: '' };
}

/** A value that all share, or `generation 1: cpu; generation 2: cpu (member 0), gpu:0 (member 1)`. */
function agreed(reported: readonly LineageDocument[]): string {
  const generations = new Map<string, number[]>();
  for (const generation of new Set(reported.map((entry) => entry.generation))) {
    const text = withinGeneration(reported.filter((entry) => entry.generation === generation));
    generations.set(text, [...(generations.get(text) ?? []), generation]);
  }
  const texts = [...generations];
  if (texts.length === 1) return (texts[0] as [string, number[]])[0];
  return texts.map(([text, each]) => `${numbered('generation', each)}: ${text}`).join('; ');
}

function withinGeneration(reported: readonly LineageDocument[]): string {
  const members = new Map<string, number[]>();
  for (const { value, member } of reported) members.set(value, [...(members.get(value) ?? []), member]);
  const values = [...members].map(([value, each]) => ({ value: cutHashes(value), each }));
  if (values.length === 1) return values[0]?.value ?? '';
  return values.map(({ value, each }) => `${value} (${numbered('member', each)})`).join(', ');
}

function numbered(noun: string, numbers: readonly number[]): string {
  return `${noun}${numbers.length === 1 ? '' : 's'} ${numbers.join(', ')}`;
}

/** The first 12 digits of each SHA-256. */
export function cutHashes(value: string): string {
  return value.replace(/\b([0-9a-f]{12})[0-9a-f]{52}\b/g, '$1');
}

function itemText({ label, value }: { readonly label: string; readonly value: string }): string {
  return label === '' ? value : `${label} ${value}`;
}

function bySplit(a: { readonly label: string }, b: { readonly label: string }): number {
  return splits.indexOf(a.label) - splits.indexOf(b.label) || a.label.localeCompare(b.label);
}

function rank(row: string): number {
  const place = firstRows.indexOf(row);
  return place === -1 ? firstRows.length : place;
}

import type { DifferenceDocument } from '@tributary/protocol';
import type { Db } from '../database.js';
import type { RunRow } from '../runs.js';
import { changedFields } from './changed-fields.js';
import { equalStateHash, requiredRuns } from './required-runs.js';

const sections = ['code', 'packages', 'data', 'machine'] as const;
type Section = (typeof sections)[number];

export interface RunDiff extends Readonly<Record<Section, readonly DifferenceDocument[]>> {
  readonly from: RunRow;
  readonly to: RunRow;
  readonly equalStateHash: boolean | null;
  readonly config: readonly DifferenceDocument[];
  /** Runs of which no member has told what it was made of. */
  readonly untold: readonly string[];
}

/** What two runs were made of, as far as it differs. @throws TributaryError `RUN_NOT_FOUND` */
export async function diffRuns(db: Db, from: string, to: string): Promise<RunDiff> {
  const rows = await requiredRuns(db, [from, to]);
  const [first, second] = rows as [RunRow, RunRow];
  const facts = await factsOf(db, [from, to]);
  const untold = [from, to].filter((run) => !facts.has(run));
  const own = facts.get(from) ?? new Map<string, string>();
  const others = facts.get(to) ?? new Map<string, string>();
  // Where one has told nothing, everything would differ.
  const told = untold.length > 0 ? [] : mapDifferences(own, others);
  const inSection = (section: Section) => told.filter(({ field }) => sectionOf(field) === section);
  return {
    from: first,
    to: second,
    equalStateHash: equalStateHash(rows),
    config: changedFields(trainedBy(first), trainedBy(second)),
    code: inSection('code'),
    packages: inSection('packages'),
    data: [...mapDifferences(filesOf(first), filesOf(second)), ...inSection('data')],
    machine: inSection('machine'),
    untold: [...new Set(untold)],
  };
}

/** The run file without what never changes a result. */
function trainedBy({ spec: { note: _, tags: __, ...spec } }: RunRow): object {
  return spec;
}

/** What members reported, by run and key; where they reported several values, all of them, sorted. */
async function factsOf(db: Db, runs: readonly string[]): Promise<Map<string, Map<string, string>>> {
  const rows = await db
    .selectFrom('lineage')
    .select(['run', 'key', 'value'])
    .distinct()
    .where('run', 'in', runs)
    .orderBy('run')
    .orderBy('key')
    .orderBy('value')
    .execute();
  const facts = new Map<string, Map<string, string>>();
  for (const { run, key, value } of rows) {
    const own = facts.get(run) ?? new Map<string, string>();
    facts.set(run, own);
    const before = own.get(key);
    own.set(key, before === undefined ? value : `${before}, ${value}`);
  }
  return facts;
}

/** Null: the run file says it already, or it is who computed, which changes nothing. */
function sectionOf(key: string): Section | null {
  if (key === 'commit') return 'code';
  if (['node', 'backend'].includes(key) || /^package(-lock)?\./.test(key)) return 'packages';
  if (/^(data|init)\./.test(key)) return 'data';
  if (['seed', 'threads', 'precision', 'worker'].includes(key)) return null;
  return 'machine';
}

function filesOf({ files }: RunRow): Map<string, string> {
  return new Map(Object.entries(files).map(([path, key]) => [`file ${path}`, key]));
}

function mapDifferences(from: ReadonlyMap<string, string>, to: ReadonlyMap<string, string>): DifferenceDocument[] {
  const keys = [...new Set([...from.keys(), ...to.keys()])].sort();
  return keys
    .filter((key) => from.get(key) !== to.get(key))
    .map((key) => ({ field: key, from: from.get(key) ?? null, to: to.get(key) ?? null }));
}

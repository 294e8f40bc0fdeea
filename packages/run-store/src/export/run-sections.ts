/** First line of an export as JSON lines. */
export const exportFormat = 'tributary-runs/1';

/** Values of one line of points, and entries of one line of the ledger. */
export const valuesPerLine = 1_000;

/** A table whose rows stand in an export one a line, as they are: `{"kind": "task", "row": {…}}`. */
export interface RowSection {
  readonly kind: string;
  readonly table: string;
  /** All but `run`. */
  readonly columns: readonly string[];
  readonly order: string;
}

/**
 * What of a run is one row a line, in the order of an export. Checkpoints are left out: their files are no part of it.
 * The format is what other versions read: a column that is added to a table is added here with a default for older files.
 */
export const rowSections: readonly RowSection[] = [
  { kind: 'task', table: 'tasks', columns: ['task', 'position', 'replicas', 'weight'], order: 'position' },
  {
    kind: 'attempt',
    table: 'attempts',
    columns: ['attempt', 'state', 'reason', 'target_steps', 'started_at', 'ended_at'],
    order: 'attempt',
  },
  {
    kind: 'generation',
    table: 'generations',
    columns: [
      ...['generation', 'attempt', 'members', 'resume_step', 'reason', 'outcome', 'outcome_reason'],
      ...['opened_at', 'ended_at', 'waited_ms', 'recovery', 'time'],
    ],
    order: 'generation',
  },
  { kind: 'tag', table: 'run_tags', columns: ['key', 'value'], order: 'key' },
  {
    kind: 'lineage',
    table: 'lineage',
    columns: ['attempt', 'generation', 'member', 'key', 'value'],
    order: 'attempt, generation, member, key',
  },
  {
    kind: 'member-end',
    table: 'member_ends',
    columns: ['generation', 'member', 'attempt', 'step', 'outcome'],
    order: 'generation, member',
  },
  {
    kind: 'divergence',
    table: 'divergences',
    columns: ['subject', 'series', 'step', 'generation', 'attempt', 'recorded', 'redone', 'found_at'],
    order: 'subject, series, step, generation',
  },
  {
    kind: 'sample',
    table: 'samples',
    columns: ['step', 'task', 'index', 'source', 'generated', 'references'],
    order: 'step, task, index',
  },
  {
    kind: 'snapshot-hash',
    table: 'snapshot_hashes',
    columns: ['step', 'part', 'generation', 'state_hash'],
    order: 'step, part',
  },
];

/** What the line of the run itself holds. */
export const runColumns = [
  ...['run', 'experiment', 'state', 'reason', 'attempt', 'spec', 'files', 'prepared_key', 'parent', 'parent_step'],
  ...['target_steps', 'step', 'state_hash', 'created_at', 'started_at', 'ended_at', 'note', 'archived_at'],
] as const;

export function quoted(columns: readonly string[], prefix = ''): string {
  return columns.map((name) => `${prefix}"${name}"`).join(', ');
}

import type { ExportTable } from '@tributary/protocol';
import { type ExportedRuns, isExported } from './export-session.js';

/** One column of an exported table. Types are Parquet's; none but STRING, DOUBLE and TIMESTAMP may be empty. */
export interface ExportColumn {
  readonly name: string;
  readonly type: 'STRING' | 'INT32' | 'INT64' | 'DOUBLE' | 'TIMESTAMP';
  readonly expression: string;
}

interface TableDefinition {
  readonly columns: readonly ExportColumn[];
  readonly from: (exported: string) => string;
}

const column = (type: ExportColumn['type']) => (name: string, expression: string) => ({ name, type, expression });
const text = column('STRING');
const whole = column('INT32');
const large = column('INT64');
const real = column('DOUBLE');
const time = column('TIMESTAMP');

/** Each value of each series, in the order of the loops: OFFSET 0 keeps the planner from taking them apart. */
const values = (kind: 'point' | 'timing', table: string, order: string) => (exported: string) =>
  `
  (select series.id, series.run, series.metric, series.subject, series.series
   from series join runs on runs.run = series.run where series.kind = '${kind}' and ${exported}
   order by series.run, series.subject, series.series offset 0) s
  cross join lateral (select * from ${table} where series_id = s.id order by ${order} offset 0) v`;

const named = [
  text('run', 's.run'),
  text('metric', 's.metric'),
  text('subject', 's.subject'),
  text('series', 's.series'),
];

const definitions: Readonly<Record<ExportTable, TableDefinition>> = {
  runs: {
    columns: [
      text('run', 'runs.run'),
      text('experiment', 'runs.experiment'),
      text('state', 'runs.state'),
      text('reason', 'runs.reason'),
      whole('attempt', 'runs.attempt'),
      whole('step', 'runs.step'),
      text('parent', 'runs.parent'),
      text('state_hash', 'runs.state_hash'),
      time('created_at', 'runs.created_at'),
      time('started_at', 'runs.started_at'),
      time('ended_at', 'runs.ended_at'),
      time('archived_at', 'runs.archived_at'),
      text('note', 'runs.note'),
    ],
    from: (exported) => `runs where ${exported} order by runs.run`,
  },
  params: {
    columns: [text('run', 'p.run'), text('key', 'p.key'), text('value', 'p.value'), real('number', 'p.number')],
    from: (exported) => `run_params p join runs on runs.run = p.run where ${exported} order by p.run, p.key`,
  },
  tags: {
    columns: [text('run', 't.run'), text('key', 't.key'), text('value', 't.value')],
    from: (exported) => `run_tags t join runs on runs.run = t.run where ${exported} order by t.run, t.key`,
  },
  metrics: {
    columns: [
      ...named,
      text('kind', 's.kind'),
      large('count', 's.count'),
      whole('first_step', 'coalesce(s.first_step, 0)'),
      whole('last_step', 'coalesce(s.last_step, 0)'),
      real('last', 's.last'),
      real('min', 's.min'),
      real('max', 's.max'),
    ],
    from: (exported) =>
      `series s join runs on runs.run = s.run where ${exported} order by s.run, s.subject, s.series, s.kind`,
  },
  points: {
    columns: [...named, whole('step', 'v.step'), real('value', 'v.value')],
    from: values('point', 'points', 'step'),
  },
  timings: {
    columns: [...named, whole('step', 'v.step'), whole('generation', 'v.generation'), real('value', 'v.value')],
    from: values('timing', 'timings', 'step, generation'),
  },
};

export function columnsOf(table: ExportTable): readonly ExportColumn[] {
  return definitions[table].columns;
}

/** The query of a table, its rows by run. @param write how a column is selected */
export function selectTable(
  table: ExportTable,
  runs: ExportedRuns,
  write: (column: ExportColumn) => string = ({ expression }) => expression,
): string {
  const { columns, from } = definitions[table];
  const selected = columns.map((each) => `${write(each)} as "${each.name}"`).join(', ');
  return `select ${selected} from ${from(isExported(runs))}`;
}

import { longestNote, type RunFile, runFileSchema } from '@tributary/config';
import { isResting, isToken, recoveryCauses, runStates } from '@tributary/protocol';
import { z } from 'zod';
import { type ExportLine, invalid } from './export-lines.js';

/** Fields of one row of an export, by column. */
export type Row = Readonly<Record<string, unknown>>;

// A file may come from anywhere, and what is imported is read like what was recorded here: a row that a reader would
// stumble over is refused. Lengths of tags and the sizes of numbers are the database's to refuse.

const whole = z.int().min(0);
const text = z.string();
/** Postgres knows moments that a Date cannot be: infinity, years before 1. */
const time = z.iso.datetime({ offset: true });
const state = z.enum(runStates);
const token = z.string().refine(isToken, 'must be 1 to 64 letters, digits, "-" and "_"');

const runSchema = z.object({
  experiment: token,
  reason: text.nullish(),
  attempt: whole,
  files: z.record(z.string(), z.string()),
  prepared_key: text.nullish(),
  parent: token.nullish(),
  parent_step: whole.nullish(),
  target_steps: whole.nullish(),
  step: whole,
  state_hash: text.nullish(),
  created_at: time,
  started_at: time.nullish(),
  ended_at: time.nullish(),
  note: text.max(longestNote).nullish(),
  archived_at: time.nullish(),
});

/** Of rows that stand as they are, by kind of line; what a column is, Postgres knows. */
const rowSchemas: Readonly<Record<string, z.ZodType>> = {
  task: z.object({ position: whole, replicas: whole, weight: z.number() }),
  attempt: z.object({
    attempt: whole,
    state: state.nullish(),
    target_steps: whole.nullish(),
    started_at: time,
    ended_at: time.nullish(),
  }),
  generation: z.object({
    generation: whole,
    attempt: whole,
    members: z.array(z.object({ member: whole, worker: text, lanes: z.array(whole), buddy: text.nullish() })),
    resume_step: whole,
    opened_at: time,
    ended_at: time.nullish(),
    recovery: z.enum(recoveryCauses).nullish(),
    time: z.object({ ms: z.record(z.string(), z.number().min(0)), reachedStep: whole }).nullish(),
  }),
  divergence: z.object({ found_at: time }),
  sample: z.object({ step: whole, index: whole, references: z.array(z.string()) }),
};

/** The row of a line. @throws TributaryError `DATA_INVALID` where it has none, or one that no reader could read */
export function checkedRow(line: ExportLine): Row {
  const row = rowOf(line);
  const schema = rowSchemas[line.kind];
  if (schema !== undefined) requireFit(line, schema, row);
  return row;
}

/** A run's own row, and its run file with every default. @throws TributaryError `DATA_INVALID` */
export function checkedRun(line: ExportLine): { readonly row: Row; readonly spec: RunFile; readonly resting: boolean } {
  const row = rowOf(line);
  const { run } = row;
  if (typeof run !== 'string' || !isToken(run)) throw invalid(line.number, `${JSON.stringify(run)} is no id of a run`);
  const given = state.safeParse(row.state).data;
  if (given === undefined) throw invalid(line.number, `${JSON.stringify(row.state)} is no state of a run`);
  const { data: spec, error } = runFileSchema.safeParse(row.spec);
  if (error) throw invalid(line.number, `the run file of ${run} is not valid (${firstIssue(error)})`);
  requireFit(line, runSchema, row);
  return { row: { ...row, spec }, spec, resting: isResting(given) };
}

/** Of P tasks that took part, the upper triangle of their matrix and as many coefficients. */
export function requireMatrix(line: ExportLine, tasks: number): void {
  const { gram, coefficients, tasks: places } = rowOf(line);
  const count = Array.isArray(coefficients) ? coefficients.length : 0;
  const lengths = Array.isArray(gram) && gram.length === (count * (count + 1)) / 2;
  const placed = places === null || places === undefined || (Array.isArray(places) && places.length === count);
  if (count < 1 || count > tasks || !lengths || !placed)
    throw invalid(line.number, `its matrix is not one of ${tasks === 1 ? 'the run’s task' : `up to ${tasks} tasks`}`);
}

export function rowOf({ content, number, kind }: ExportLine): Row {
  const { row } = content;
  if (typeof row !== 'object' || row === null || Array.isArray(row))
    throw invalid(number, `${kind} has no row; export the runs again`);
  return row as Row;
}

function requireFit(line: ExportLine, schema: z.ZodType, row: Row): void {
  const { error } = schema.safeParse(row);
  if (error) throw invalid(line.number, `its ${line.kind} is not valid (${firstIssue(error)})`);
}

function firstIssue({ issues: [issue] }: z.ZodError): string {
  return `${issue?.path.join('.')}: ${issue?.message}`;
}

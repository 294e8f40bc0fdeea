import type pg from 'pg';
import type { DivergedPoint } from './diverged-point.js';
import { numberText } from './record-staging.js';

const insertGroups = `
insert into matrix_groups (run, name)
select distinct run, name from staged_matrices order by run, name
on conflict do nothing`;

const insertRows = `
insert into gram_matrices (group_id, step, tasks, gram, coefficients)
select distinct on (groups.id, staged.step) groups.id, staged.step, staged.tasks, staged.gram, staged.coefficients
from staged_matrices staged join matrix_groups groups using (run, name)
order by groups.id, staged.step, staged.ord
on conflict do nothing`;

/** Moves staged matrices into their table; the first of a group and step wins. @returns how many were new */
export async function insertMatrices(client: pg.PoolClient): Promise<number> {
  await client.query(insertGroups);
  return (await client.query(insertRows)).rowCount ?? 0;
}

/** A matrix with its combiner's answer, as far as two of them can differ. */
export interface MatrixValues {
  /** Null: 0 to P-1. */
  readonly tasks: readonly number[] | null;
  readonly gram: readonly number[];
  readonly coefficients: readonly number[];
}

interface DivergedMatrix {
  readonly run: string;
  readonly name: string;
  readonly step: number;
  readonly generation: number;
  readonly attempt: number;
  /** All tasks of the run, in its order. */
  readonly task_names: readonly string[];
  readonly tasks: readonly number[] | null;
  readonly gram: readonly number[];
  readonly coefficients: readonly number[];
  readonly redone_tasks: readonly number[] | null;
  readonly redone_gram: readonly number[];
  readonly redone_coefficients: readonly number[];
}

/** Bit for bit: every NaN that COPY reads has the same bits. */
const selectDiverged = `
select distinct on (staged.run, staged.name, staged.step, staged.generation)
  staged.run, staged.name, staged.step, staged.generation, staged.attempt,
  array(select task from tasks where tasks.run = staged.run order by position) as task_names,
  stored.tasks, stored.gram, stored.coefficients,
  staged.tasks as redone_tasks, staged.gram as redone_gram, staged.coefficients as redone_coefficients
from staged_matrices staged
join matrix_groups groups using (run, name)
join gram_matrices stored on stored.group_id = groups.id and stored.step = staged.step
where stored.tasks is distinct from staged.tasks
  or array_send(stored.gram) <> array_send(staged.gram)
  or array_send(stored.coefficients) <> array_send(staged.coefficients)
order by staged.run, staged.name, staged.step, staged.generation, staged.ord`;

/** Keeps the first difference of each redone matrix, as points keep theirs. */
export async function insertMatrixDivergences(client: pg.PoolClient): Promise<DivergedPoint[]> {
  const { rows } = await client.query<DivergedMatrix>(selectDiverged);
  const diverged = rows.map((row) => {
    const { run, step, generation, attempt, name } = row;
    const redone = { tasks: row.redone_tasks, gram: row.redone_gram, coefficients: row.redone_coefficients };
    return { run, subject: 'run', step, generation, attempt, ...firstDifference(name, row.task_names, row, redone) };
  });
  for (const { run, subject, series, step, generation, attempt, recorded, redone } of diverged)
    await client.query(
      `insert into divergences (run, subject, series, step, generation, attempt, recorded, redone)
       values ($1, $2, $3, $4, $5, $6, $7::float8::text, $8::float8::text) on conflict do nothing`,
      [run, subject, series, step, generation, attempt, numberText(recorded), numberText(redone)],
    );
  return diverged;
}

/**
 * Where two matrices first differ: `present.all[stress]` (1 or 0) where other tasks took part, else `gram.all[spell,stress]`, else
 * `coefficient.all[spell]`.
 */
export function firstDifference(
  group: string,
  names: readonly string[],
  recorded: MatrixValues,
  redone: MatrixValues,
): { readonly series: string; readonly recorded: number; readonly redone: number } {
  const nameOf = (task: number | undefined): string => names[task ?? -1] ?? String(task);
  const places = placesOf(recorded);
  const others = placesOf(redone);
  const only = [...places, ...others].filter((task) => !places.includes(task) || !others.includes(task));
  if (only.length > 0) {
    const task = Math.min(...only);
    const present = places.includes(task);
    return { series: `present.${group}[${nameOf(task)}]`, recorded: present ? 1 : 0, redone: present ? 0 : 1 };
  }
  const pairs = places.flatMap((task, row) => places.slice(row).map((other) => [task, other] as const));
  for (const [index, [task, other]] of pairs.entries()) {
    const [before, after] = [recorded.gram[index] ?? Number.NaN, redone.gram[index] ?? Number.NaN];
    if (!Object.is(before, after))
      return { series: `gram.${group}[${nameOf(task)},${nameOf(other)}]`, recorded: before, redone: after };
  }
  const place = places.findIndex((_, index) => !Object.is(recorded.coefficients[index], redone.coefficients[index]));
  return {
    series: `coefficient.${group}[${nameOf(places[place])}]`,
    recorded: recorded.coefficients[place] ?? Number.NaN,
    redone: redone.coefficients[place] ?? Number.NaN,
  };
}

function placesOf({ tasks, coefficients }: MatrixValues): readonly number[] {
  return tasks ?? coefficients.map((_, index) => index);
}

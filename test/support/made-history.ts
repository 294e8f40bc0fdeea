import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { RunDatabase } from '@tributary/run-store';
import { from as copyFrom } from 'pg-copy-streams';

/** What a database is filled with. */
export interface HistorySize {
  readonly runs: number;
  /** Of each run. */
  readonly metrics: number;
  /** Of each metric but the long one. */
  readonly points: number;
  /** Of one more run's only metric. */
  readonly longPoints: number;
}

/** The run whose metric `grad_norm` has all the long points. */
export const longRun = 'scale-long';
export const longMetric = 'grad_norm';
const metricSeries = ['train.loss', 'validation.loss', 'validation.token_accuracy', 'weight', 'test.loss'] as const;
const states = ['finished', 'finished', 'finished', 'failed', 'cancelled'] as const;
const firstMs = Date.UTC(2026, 0, 1);

export function madeRun(index: number): string {
  return `scale${index % 50}-${String(index).padStart(8, '0')}`;
}

/** Equal every time; as good as evenly spread over [0, 1). */
function spread(index: number, salt: number): number {
  return (Math.imul(index + 1, 0x9e3779b1) ^ Math.imul(salt, 0x85ebca6b)) / 2 ** 32 + 0.5;
}

/** Fills a migrated database by COPY and analyses it. Rows are what the product would have written, less of the run file. */
export async function fillHistory(db: RunDatabase, size: HistorySize): Promise<void> {
  const spec = JSON.stringify({ experiment: 'scale', tasks: [{ name: 'spell' }], budget: { steps: 100 } });
  const client = await db.pool.connect();
  const copy = async (target: string, lines: Iterable<string>): Promise<void> => {
    await pipeline(
      Readable.from(chunks(lines), { objectMode: false }),
      client.query(copyFrom(`copy ${target} from stdin`)),
    );
  };
  const every = function* (lines: (index: number) => string): Generator<string> {
    for (let index = 0; index < size.runs; index += 1) yield lines(index);
  };
  try {
    // Without the checks of references, which take most of the time; the rows are right.
    await client.query(`set synchronous_commit = off; set session_replication_role = replica`);
    await client.query('select reserve_series($1)', [size.runs * size.metrics + 1]);
    await copy('runs (run, experiment, state, attempt, spec, files, step, created_at, started_at, ended_at)', [
      ...[`${longRun}\tscale\tfinished\t1\t${spec}\t{}\t${size.longPoints}\t2025-12-31\t2025-12-31\t2025-12-31\n`],
    ]);
    await copy(
      'runs (run, experiment, state, attempt, spec, files, step, created_at, started_at, ended_at)',
      every((index) => {
        const created = new Date(firstMs + index * 90_000).toISOString();
        const ended = new Date(firstMs + index * 90_000 + 3_600_000 * (1 + spread(index, 1))).toISOString();
        const state = states[index % states.length];
        return `${madeRun(index)}\tscale${index % 50}\t${state}\t1\t${spec}\t{}\t100\t${created}\t${created}\t${ended}\n`;
      }),
    );
    await copy(
      'run_params (run, key, value, number)',
      every((index) => {
        const run = madeRun(index);
        const rate = 10 ** -(1 + Math.floor(spread(index, 2) * 5));
        const hidden = 64 * (1 + (index % 8));
        return (
          `${run}\toptimizer.learningRate\t${rate}\t${rate}\n${run}\tmodel.encoder.hidden\t${hidden}\t${hidden}\n` +
          `${run}\tseed\t${index}\t${index}\n${run}\toptimizer.kind\t${index % 3 ? 'adam' : 'sgd'}\t\\N\n`
        );
      }),
    );
    await copy(
      'tasks (run, task, position, replicas, weight)',
      every((index) => `${madeRun(index)}\tspell\t0\t1\t1\n`),
    );
    await copy(
      'attempts (run, attempt, state)',
      every((index) => `${madeRun(index)}\t1\t${states[index % states.length]}\n`),
    );
    await copy(
      'run_tags (run, key, value)',
      every((index) => `${madeRun(index)}\towner\tperson${index % 400}\n`),
    );
    await copy(
      'series (id, run, subject, series, kind, count, first_step, last_step, last, min, max)',
      every((index) =>
        Array.from({ length: size.metrics }, (_, metric) => {
          const [last, drop] = [spread(index, 10 + metric), spread(index, 20 + metric) / 10];
          const id = index * size.metrics + metric + 1;
          return `${id}\t${madeRun(index)}\ttask:spell\t${metricSeries[metric]}\tpoint\t${size.points}\t1\t${size.points}\t${last}\t${last - drop}\t${last + drop}\n`;
        }).join(''),
      ),
    );
    const longId = size.runs * size.metrics + 1;
    await copy('series (id, run, subject, series, kind, count, first_step, last_step, last, min, max)', [
      `${longId}\t${longRun}\trun\t${longMetric}\tpoint\t${size.longPoints}\t1\t${size.longPoints}\t0\t-1\t1\n`,
    ]);
    await client.query(`select setval('series_id_seq', $1)`, [longId]);
    await copy(
      'points (series_id, step, value)',
      every((index) => {
        let lines = '';
        for (let metric = 0; metric < size.metrics; metric += 1)
          for (let step = 1; step <= size.points; step += 1)
            lines += `${index * size.metrics + metric + 1}\t${step}\t${step / 8}\n`;
        return lines;
      }),
    );
    await copy('points (series_id, step, value)', longLines(longId, size.longPoints));
    await client.query('analyze');
  } finally {
    // Its settings go with it.
    client.release(true);
  }
}

function* longLines(id: number, count: number): Generator<string> {
  for (let step = 1; step <= count; step += 1) yield `${id}\t${step}\t${Math.sin(step / 1_000)}\n`;
}

/** About 64 KiB each. */
function* chunks(lines: Iterable<string>): Generator<Buffer> {
  let text = '';
  for (const line of lines) {
    text += line;
    if (text.length < 65_536) continue;
    yield Buffer.from(text);
    text = '';
  }
  if (text !== '') yield Buffer.from(text);
}

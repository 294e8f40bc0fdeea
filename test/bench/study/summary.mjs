import { methods, tasks } from './methods.mjs';

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Sample standard deviation; 0 of one value. */
const deviation = (values) => {
  if (values.length < 2) return 0;
  const middle = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1));
};

/**
 * Scores of each method over its seeds, and Δm: the mean over the tasks of how far the error rate lies below that of the task
 * trained alone, as a share of that. Positive is better than alone (LibMTL's sign; the tables of FAMO and Nash-MTL have the other).
 */
export function summaries(runs) {
  const of = (method) => runs.filter((run) => run.method === method);
  const alone = Object.fromEntries(
    tasks.map(({ name }) => {
      const found = of(`${name} alone`).map(({ scores }) => scores[name]);
      return [name, found.length > 0 ? mean(found) : null];
    }),
  );
  return methods.flatMap((method) => {
    const found = of(method.name);
    if (found.length === 0) return [];
    const scores = Object.fromEntries(
      method.tasks.map((task) => {
        const values = found.map((run) => run.scores[task]);
        return [task, { mean: mean(values), spread: deviation(values) }];
      }),
    );
    const comparable = method.tasks.length > 1 && method.tasks.every((task) => alone[task] !== null);
    const gains = comparable
      ? found.map((run) => 100 * mean(method.tasks.map((task) => (alone[task] - run.scores[task]) / alone[task])))
      : null;
    return [
      {
        method: method.name,
        seeds: found.length,
        scores,
        delta_m: gains === null ? null : { mean: mean(gains), spread: deviation(gains) },
        seconds: mean(found.map(({ seconds }) => seconds)),
      },
    ];
  });
}

const percent = ({ mean: middle, spread }) => `${(100 * middle).toFixed(2)} ± ${(100 * spread).toFixed(2)}`;
const signed = (value) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(1)}`;

/** The summaries as a Markdown table. */
export function markdown(rows, { steps, seeds }) {
  const lines = [
    `| method | ${tasks.map(({ name, title }) => `${name}: ${title}, %`).join(' | ')} | Δm, % |`,
    `|---|${tasks.map(() => '---:').join('|')}|---:|`,
    ...rows.map(
      ({ method, scores, delta_m: gain }) =>
        `| ${method} | ${tasks.map(({ name }) => (scores[name] ? percent(scores[name]) : '')).join(' | ')} | ${gain === null ? '' : `${signed(gain.mean)} ± ${gain.spread.toFixed(1)}`} |`,
    ),
  ];
  const counted = [...new Set(rows.map((row) => row.seeds))].sort((a, b) => a - b).join(' to ');
  return `${lines.join('\n')}

Held-out words, mean ± standard deviation over ${counted} seeds (of ${seeds.join(', ')}), ${steps} steps of every task in every run. Lower error rates
are better. Δm: the mean over the tasks of how far the error rate lies below that of the task trained alone, as a share of that;
positive is better than alone.
`;
}

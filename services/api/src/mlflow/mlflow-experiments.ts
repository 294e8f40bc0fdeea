import { type Condition, parseFilter } from '@tributary/filter';
import { type Db, type ExperimentRow, listExperiments } from '@tributary/run-store';
import { isLike } from './like-pattern.js';
import type { MlflowExperiment } from './mlflow-documents.js';
import { MlflowError } from './mlflow-errors.js';

export interface ExperimentSearch {
  readonly filter?: string | undefined;
  readonly orderBy: readonly string[];
  readonly limit: number;
  readonly page?: string | undefined;
}

/** Those that a filter on `name` and `created` is true of; MLflow's ways of asking for an order and a page. */
export async function searchExperiments(
  db: Db,
  { filter = '', orderBy, limit, page }: ExperimentSearch,
): Promise<{ readonly experiments: MlflowExperiment[]; readonly next: string | undefined }> {
  const condition = parseFilter(filter);
  const found = (await listExperiments(db)).filter((row) => isTrue(condition, row)).sort(orderOf(orderBy));
  const from = page === undefined ? 0 : Number(/^e(\d+)$/.exec(page)?.[1] ?? Number.NaN);
  if (!Number.isSafeInteger(from))
    throw new MlflowError(400, 'INVALID_PARAMETER_VALUE', `"${page}" is no page token of a list of experiments.`);
  const end = from + limit;
  return {
    experiments: found.slice(from, end).map(experimentDocument),
    next: found.length > end ? `e${end}` : undefined,
  };
}

/** An experiment is its name; it is there from its first run on. */
export function experimentDocument({ experiment, firstCreatedAt, lastCreatedAt }: ExperimentRow): MlflowExperiment {
  return {
    experiment_id: experiment,
    name: experiment,
    artifact_location: `mlflow-artifacts:/${experiment}`,
    lifecycle_stage: 'active',
    creation_time: firstCreatedAt.getTime(),
    last_update_time: lastCreatedAt.getTime(),
    tags: [],
  };
}

function isTrue(condition: Condition, row: ExperimentRow): boolean {
  switch (condition.kind) {
    case 'all':
      return condition.of.every((part) => isTrue(part, row));
    case 'any':
      return condition.of.some((part) => isTrue(part, row));
    case 'not':
      return !isTrue(condition.of, row);
    default:
      return isNamed(condition, row);
  }
}

/** In a filter of runs `name` is the run's; of experiments, the experiment's. */
function isNamed(
  condition: Exclude<Condition, { kind: 'all' | 'any' | 'not' }>,
  { experiment }: ExperimentRow,
): boolean {
  const named =
    'field' in condition &&
    condition.field.kind === 'attribute' &&
    ['run', 'experiment'].includes(condition.field.attribute);
  if (named && condition.kind === 'text') return (experiment === condition.value) !== condition.negated;
  if (named && condition.kind === 'texts') return condition.values.includes(experiment) !== condition.negated;
  if (named && condition.kind === 'like')
    return isLike(experiment, condition.pattern, condition.ignoreCase) !== condition.negated;
  throw new MlflowError(
    400,
    'INVALID_PARAMETER_VALUE',
    "Experiments are found by name alone, e.g. name LIKE 'words%'; filter runs by everything else.",
  );
}

const sortKeys: Readonly<Record<string, (row: ExperimentRow) => number | string>> = {
  name: ({ experiment }) => experiment,
  experiment_id: ({ experiment }) => experiment,
  creation_time: ({ firstCreatedAt }) => firstCreatedAt.getTime(),
  last_update_time: ({ lastCreatedAt }) => lastCreatedAt.getTime(),
};

/** By what was asked for, then the newest first. */
function orderOf(orderBy: readonly string[]): (one: ExperimentRow, other: ExperimentRow) => number {
  const keys = [...orderBy, 'last_update_time DESC', 'name'].map((text) => {
    const [, name = '', direction] = /^\s*(?:attributes?\.)?(\w+)(?:\s+(asc|desc))?\s*$/i.exec(text) ?? [];
    const read = sortKeys[name.toLowerCase()];
    if (read === undefined)
      throw new MlflowError(
        400,
        'INVALID_PARAMETER_VALUE',
        `Experiments cannot be ordered by "${text}"; give ${Object.keys(sortKeys).join(', ')}, with ASC or DESC.`,
      );
    return { read, sign: direction?.toLowerCase() === 'desc' ? -1 : 1 };
  });
  return (one, other) => {
    for (const { read, sign } of keys) {
      const [a, b] = [read(one), read(other)];
      if (a !== b) return a < b ? -sign : sign;
    }
    return 0;
  };
}

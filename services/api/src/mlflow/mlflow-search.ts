import { type Condition, parseFilter, parseOrder } from '@tributary/filter';
import { type Db, type RunPage, searchRuns } from '@tributary/run-store';

export interface MlflowRunSearch {
  /** Of none: no run. */
  readonly experiments: readonly string[];
  readonly filter?: string | undefined;
  readonly view: 'ACTIVE_ONLY' | 'DELETED_ONLY' | 'ALL';
  /** `metrics.loss DESC`, `attributes.start_time`, … */
  readonly orderBy: readonly string[];
  readonly limit: number;
  readonly page?: string | undefined;
}

/**
 * A page of runs of some experiments, as MLflow's clients ask for it; without an order, the newest first.
 * @throws TributaryError `FILTER_INVALID`
 */
export async function searchMlflowRuns(
  db: Db,
  { experiments, filter = '', view, orderBy, limit, page }: MlflowRunSearch,
): Promise<RunPage> {
  const asked = parseFilter(filter);
  const order = parseOrder(orderBy.join(', '));
  if (experiments.length === 0) return { runs: [], next: null };
  return await searchRuns(db, {
    filter: { kind: 'all', of: [ofExperiments(experiments), ...inView(view), asked] },
    order,
    limit,
    ...(page === undefined ? {} : { page }),
  });
}

function ofExperiments(names: readonly string[]): Condition {
  const field = { kind: 'attribute', attribute: 'experiment' } as const;
  const [name = ''] = names;
  // One alone can use the index by age.
  if (names.length === 1) return { kind: 'text', field, value: name, negated: false };
  return { kind: 'texts', field, values: names, negated: false };
}

/** An archived run is deleted, as MLflow calls it. */
function inView(view: MlflowRunSearch['view']): Condition[] {
  const [active, deleted]: Condition[] = [
    { kind: 'archived', archived: false },
    { kind: 'archived', archived: true },
  ];
  if (view === 'ACTIVE_ONLY') return [active as Condition];
  if (view === 'DELETED_ONLY') return [deleted as Condition];
  return [{ kind: 'any', of: [active as Condition, deleted as Condition] }];
}

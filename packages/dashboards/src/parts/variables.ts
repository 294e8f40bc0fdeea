import {
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  VariableHide,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { postgres, prometheus } from './sources.js';

export const prometheusVariable = () =>
  new DatasourceVariableBuilder('prometheus').label('Prometheus').type('prometheus');

export const postgresVariable = () =>
  new DatasourceVariableBuilder('postgres').label('Postgres').type('grafana-postgresql-datasource');

export interface VariableOptions {
  readonly name: string;
  readonly label: string;
  readonly description: string;
  /** Several may be chosen, and all are at first. */
  readonly several?: boolean;
  readonly hidden?: boolean;
}

/** The values of a label, of the series that there are in the time shown. */
export function labelVariable(options: VariableOptions & { readonly series: string; readonly values: string }) {
  const definition = `label_values(${options.series}, ${options.values})`;
  return variable(options)
    .datasource(prometheus)
    .definition(definition)
    .query({ query: definition, refId: `variable-${options.name}`, qryType: 1 });
}

/** The values of the only column of `sql`, or of `__value` beside `__text`. */
export function rowsVariable(options: VariableOptions & { readonly sql: string }) {
  return variable(options).datasource(postgres).definition(options.sql).query(options.sql);
}

function variable({ name, label, description, several = false, hidden = false }: VariableOptions) {
  const builder = new QueryVariableBuilder(name)
    .label(label)
    .description(description)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(several)
    .includeAll(several)
    .hide(hidden ? VariableHide.HideVariable : VariableHide.DontHide);
  if (several) builder.current({ selected: true, text: ['All'], value: ['$__all'] });
  return builder;
}

/** Experiments that had active runs in the time shown. */
export const experimentVariable = () =>
  labelVariable({
    name: 'experiment',
    label: 'Experiment',
    description: 'Experiments with active runs in the time shown.',
    series: 'tributary_run_info',
    values: 'experiment',
    several: true,
  });

/** One run of the chosen experiments. */
export const runVariable = () =>
  labelVariable({
    name: 'run',
    label: 'Run',
    description: 'Runs of the experiment that were active in the time shown; runs that ended before are in History.',
    series: 'tributary_run_info{experiment=~"$experiment"}',
    values: 'run_id',
  });

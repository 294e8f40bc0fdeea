import type { RunDocument } from '@tributary/protocol';

/** `spell.train.loss`, `grad_norm`: the names of a run's metrics, those of lanes left out. */
export function metricNames(series: RunDocument['series']): string[] {
  const names = series.flatMap(({ subject, series: name }) => {
    if (subject === 'run') return [name];
    return subject.startsWith('task:') ? [`${subject.slice('task:'.length)}.${name}`] : [];
  });
  return [...new Set(names)].sort();
}

export interface MetricChoiceProps {
  readonly names: readonly string[];
  readonly chosen: string;
  readonly onChoose: (name: string) => void;
}

export function MetricChoice({ names, chosen, onChoose }: MetricChoiceProps) {
  return (
    <select
      class="quiet metric-choice"
      aria-label="Metric"
      value={chosen}
      onChange={({ currentTarget }) => onChoose(currentTarget.value)}
    >
      {names.map((name) => (
        <option key={name} value={name}>
          {name}
        </option>
      ))}
    </select>
  );
}

import { Notice } from '../parts/notice.js';

interface Spec {
  readonly experiment?: unknown;
  readonly tasks?: readonly { readonly name: string; readonly replicas: number }[];
  readonly budget?: { readonly steps?: number };
  readonly workers?: { readonly min?: number; readonly max?: number };
}

/** What a sound run file asks for, in a sentence. */
export function RunFileSummary({ spec }: { readonly spec: Readonly<Record<string, unknown>> }) {
  const { experiment, tasks = [], budget, workers } = spec as Spec;
  const lanes = tasks.reduce((sum, { replicas }) => sum + replicas, 0);
  return (
    <Notice kind="done" title="This run file is sound">
      A run of <strong>{String(experiment)}</strong>: {tasks.length === 1 ? 'task' : 'tasks'}{' '}
      {tasks.map(({ name }) => name).join(', ')}; {lanes} {lanes === 1 ? 'lane' : 'lanes'}, {budget?.steps} steps, on{' '}
      {workers?.min} to {workers?.max} workers.
    </Notice>
  );
}

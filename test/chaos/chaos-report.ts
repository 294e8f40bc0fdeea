import { cpus, totalmem } from 'node:os';
import type { ChaosRunResult } from './chaos-run.js';

export interface ChaosReport {
  readonly machine: { readonly processor: string; readonly cores: number; readonly memoryGiB: number };
  readonly seed: number;
  readonly cases: readonly {
    readonly run: string;
    readonly faults: number;
    readonly hash_equal: boolean;
    readonly hashes_compared: number;
    readonly snapshots_missing: number;
    readonly generations: number;
    readonly seconds: number;
    readonly wrong: readonly string[];
  }[];
  /** Faults that struck and from which the run recovered. */
  readonly faults: number;
  /** Every hash of every run was the unfailed run's. */
  readonly hash_equal: boolean;
  readonly lost_steps: number;
  readonly duplicates: number;
  readonly redone_steps: number;
  /** Seconds by kind of fault. */
  readonly recovery: Readonly<
    Record<string, { readonly median: number; readonly p95: number; readonly count: number }>
  >;
  /** Seconds that the unfailed run took, over those of the runs under faults. */
  readonly goodput: number;
  /** What this machine could not do. */
  readonly left_out: readonly string[];
}

const round = (value: number): number => Math.round(value * 1000) / 1000;
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** The smallest value that a share of all does not exceed. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export function summarize(options: {
  readonly seed: number;
  readonly results: readonly ChaosRunResult[];
  readonly unfailedSeconds: number;
  readonly leftOut: readonly string[];
}): ChaosReport {
  const { seed, results, unfailedSeconds, leftOut } = options;
  const byKind = new Map<string, number[]>();
  for (const { kind, seconds } of results.flatMap(({ recoveries }) => recoveries))
    byKind.set(kind, [...(byKind.get(kind) ?? []), seconds]);
  return {
    machine: {
      processor: cpus()[0]?.model ?? 'unknown',
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
    },
    seed,
    cases: results.map((result) => ({
      run: result.run,
      faults: result.faults,
      hash_equal: result.hashEqual,
      hashes_compared: result.hashesCompared,
      checkpoints_missing: result.checkpointsMissing,
      snapshots_missing: result.snapshotsMissing,
      generations: result.generations,
      seconds: round(result.seconds),
      wrong: result.wrong,
    })),
    faults: sum(results.map(({ faults }) => faults)),
    hash_equal: results.length > 0 && results.every(({ hashEqual }) => hashEqual),
    lost_steps: sum(results.map(({ lostSteps }) => lostSteps)),
    duplicates: sum(results.map(({ duplicates }) => duplicates)),
    redone_steps: sum(results.map(({ redoneSteps }) => redoneSteps)),
    recovery: Object.fromEntries(
      [...byKind]
        .sort(([a], [b]) => a.localeCompare(b))
        .map(([kind, seconds]) => [
          kind,
          { median: round(quantile(seconds, 0.5)), p95: round(quantile(seconds, 0.95)), count: seconds.length },
        ]),
    ),
    goodput: round((unfailedSeconds * results.length) / sum(results.map(({ seconds }) => seconds))),
    left_out: leftOut,
  };
}

/** The report as lines for a terminal. */
export function tableOf(report: ChaosReport): string[] {
  const width = Math.max(...Object.keys(report.recovery).map(({ length }) => length), 20);
  return [
    `${'fault'.padEnd(width)}  count  median s   p95 s`,
    ...Object.entries(report.recovery).map(
      ([kind, { median, p95, count }]) =>
        `${kind.padEnd(width)}  ${String(count).padStart(5)}  ${median.toFixed(2).padStart(8)}  ${p95.toFixed(2).padStart(6)}`,
    ),
    `faults ${report.faults}, all hashes equal: ${report.hash_equal ? 'yes' : 'NO'}, lost steps ${report.lost_steps}, duplicates ${report.duplicates}, redone steps ${report.redone_steps}, goodput ${(report.goodput * 100).toFixed(0)} %`,
    ...report.left_out.map((reason) => `left out: ${reason}`),
  ];
}

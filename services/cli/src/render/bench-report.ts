import type { BackendFinding } from '@tributary/devstack';
import type { BackendBench, BackendMeasurement } from '../backend-bench.js';
import { formatCount, formatSeconds } from './quantities.js';
import { table } from './tables.js';

const head = ['backend', 'step', 'tokens/s', 'first step', 'matrix product', 'pairs', 'on', 'version'];

function row(bench: BackendMeasurement): string[] {
  const ms = bench.stepMs < 9.95 ? bench.stepMs.toFixed(1) : String(Math.round(bench.stepMs));
  return [
    bench.kind,
    `${ms} ms`,
    formatCount(bench.tokensPerSecond),
    formatSeconds(bench.firstStepMs / 1_000),
    `${bench.gflops < 9.95 ? bench.gflops.toFixed(1) : Math.round(bench.gflops)} GFLOP/s`,
    String(bench.batch),
    bench.device,
    bench.version,
  ];
}

/** Why `auto` takes what it takes. */
function choice(auto: BackendFinding): string {
  if (!auto.ok) return `auto finds no backend: ${auto.message}`;
  const why = auto.notice ?? 'It comes first, and nothing stands in its way.';
  return `auto takes ${auto.kind} (${auto.version} on ${auto.device}). ${why}`;
}

/** What each backend reached, those that do not run with the reason, and which one a run takes. */
export function benchReport(benches: readonly BackendBench[], auto: BackendFinding): string {
  const measured = benches.filter((bench) => bench.ok);
  const lines: string[] = [];
  if (measured.length > 0) lines.push(table(head, measured.map(row), [1, 2, 3, 4, 5]));
  for (const bench of benches) {
    if (!bench.ok) lines.push(` ${bench.kind} does not run: ${bench.message}`);
    else if (bench.notice !== null) lines.push(` ${bench.kind}: ${bench.notice}`);
  }
  return [...lines, '', choice(auto)].join('\n');
}

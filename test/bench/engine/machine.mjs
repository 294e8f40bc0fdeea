import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';

/** Above this share of the processors, other programs make timings wrong. */
export const disturbing = 0.1;

export const totals = () =>
  cpus().reduce(
    ({ busy, all }, { times }) => {
      const sum = Object.values(times).reduce((a, b) => a + b, 0);
      return { busy: busy + sum - times.idle, all: all + sum };
    },
    { busy: 0, all: 0 },
  );

/** Share of the processors that other programs use, over one second, and the load average of the last minute. */
export async function activity() {
  const before = totals();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const after = totals();
  return { busy: (after.busy - before.busy) / Math.max(1, after.all - before.all), load: loadavg()[0] };
}

export const machine = () => ({
  processor: cpus()[0]?.model ?? 'unknown',
  cores: availableParallelism(),
  memory_gib: Math.round(totalmem() / 2 ** 30),
  node: process.versions.node,
});

/** Waits until other programs leave the processors, or patience ends; gives what it found last. */
export async function quiet(what, patience, report) {
  const until = performance.now() + 1000 * patience;
  let found = await activity();
  if (found.busy > disturbing && patience > 0)
    report(
      `${what}: other programs use ${percent(found.busy)} of the processors; waiting up to ${patience} s for quiet`,
    );
  while (found.busy > disturbing && performance.now() < until) found = await activity();
  if (found.busy > disturbing)
    report(`${what}: other programs use ${percent(found.busy)} of the processors: its figures are marked as disturbed`);
  return found;
}

const percent = (share) => `${(100 * share).toFixed(0)} %`;

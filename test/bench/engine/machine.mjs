import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';

const totals = () =>
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

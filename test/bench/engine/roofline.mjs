import { fileURLToPath } from 'node:url';
import { Contestant } from './contestant.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/**
 * The best matrix product of this machine by precision, GFLOP/s, of the engine's own and PyTorch's, one after the other.
 * A contestant that cannot do it says why instead of a rate.
 */
export async function roofline({ python, threads, environment, report }) {
  const job = { threads, sizes: [512, 1024, 2048, 4096], seconds: 1.5 };
  const contestants = [
    ['tributary', [process.execPath, here('tributary-matmul.mjs')]],
    ['torch', [python, here('../peers/matmul.py')]],
  ];
  const best = {};
  for (const precision of ['float32', 'bf16']) {
    for (const [who, command] of contestants) {
      report(`roofline: ${precision} matrix products by ${who} (usually 10 s)`);
      const contestant = new Contestant(command, { ...job, precisions: [precision] }, environment);
      try {
        const { rates } = await contestant.next();
        for (const { size, gflops } of rates) {
          report(`  ${who} ${precision} ${size} x ${size}: ${gflops.toFixed(0)} GFLOP/s`);
          if (gflops > (best[precision]?.gflops ?? 0)) best[precision] = { gflops, size, by: who };
        }
      } catch (error) {
        report(`  ${who} ${precision}: none, ${error.message.split('\n', 1)[0]}`);
      }
      await contestant.end();
    }
  }
  return best;
}

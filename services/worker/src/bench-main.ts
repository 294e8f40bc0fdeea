/**
 * Entry of `tributary bench`: measures one backend, prints one line of JSON, and ends. A process of its own, because
 * TensorFlow takes its settings once in the life of a process.
 *
 * Arguments: backend, device, threads, seconds to spend on steps.
 */
import { writeSync } from 'node:fs';
import { type BackendOptions, type ComputeBackend, openBackend } from '@tributary/engine';
import { bestProductGflops } from './bench/best-product.js';
import { wordsStep } from './bench/words-step.js';

/** Pairs in a batch: those of the example, but where a step of it would take a minute. */
function pairsOf({ kind, device }: ComputeBackend): number {
  const slow = kind === 'cpu' || (kind === 'webgpu' && device === 'cpu');
  return slow ? 2 : 64;
}

async function measure(options: BackendOptions, seconds: number): Promise<object> {
  const backend = await openBackend(options);
  const started = performance.now();
  const batch = pairsOf(backend);
  const words = wordsStep(backend, batch);
  await words.run(0);
  const firstStepMs = performance.now() - started;
  const stepsMs: number[] = [];
  const until = performance.now() + seconds * 1_000;
  while (stepsMs.length < 2 || performance.now() < until) {
    const before = performance.now();
    await words.run(stepsMs.length + 1);
    stepsMs.push(performance.now() - before);
  }
  stepsMs.sort((a, b) => a - b);
  const stepMs = stepsMs[Math.floor(stepsMs.length / 2)] as number;
  words.step.dispose();
  const gflops = await bestProductGflops(backend, 500);
  const { kind, version, device, notice } = backend;
  return {
    ok: true,
    ...{ kind, version, device, notice, batch, firstStepMs, stepMs },
    steps: stepsMs.length,
    tokensPerSecond: (1_000 * words.tokens) / stepMs,
    gflops,
  };
}

const [prefer = 'auto', device = 'cpu', threads = '1', seconds = '5'] = process.argv.slice(2);
const options: BackendOptions = { prefer: prefer as BackendOptions['prefer'], device, threads: Number(threads) };
const result = await measure(options, Number(seconds)).catch((error: unknown) => ({
  ok: false,
  message: error instanceof Error ? error.message : String(error),
}));
writeSync(1, `${JSON.stringify(result)}\n`);
process.exit(0);

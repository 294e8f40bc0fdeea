import { expect, it } from 'vitest';
import type { BackendBench } from '../backend-bench.js';
import { benchReport } from './bench-report.js';

const tensorflow: BackendBench = {
  ok: true,
  kind: 'tensorflow',
  version: 'TensorFlow 2.21.0, traced',
  device: 'cpu',
  notice: null,
  batch: 64,
  firstStepMs: 2_345,
  stepMs: 61.24,
  steps: 80,
  tokensPerSecond: 20_900,
  gflops: 107.3,
};
const webgpu: BackendBench = { ok: false, kind: 'webgpu', message: 'there is no Vulkan loader.' };
const plain = (text: string): string[] => text.split('\n').map((line) => line.trim().replace(/ {2,}/g, ' | '));

it('shows figures with their units, what does not run, and the choice with its reason', () => {
  const auto = { ok: true, kind: 'tensorflow', version: tensorflow.version, device: 'cpu', notice: null } as const;
  const lines = plain(benchReport([tensorflow, webgpu], auto));
  expect(lines[1]).toBe('tensorflow | 61 ms | 20.9k | 2.3s | 107 GFLOP/s | 64 | cpu | TensorFlow 2.21.0, traced');
  expect(lines).toContain('webgpu does not run: there is no Vulkan loader.');
  expect(lines.at(-1)).toBe(
    'auto takes tensorflow (TensorFlow 2.21.0, traced on cpu). It comes first, and nothing stands in its way.',
  );
});

it('gives the reason for a slower choice, and says when there is none at all', () => {
  const notice = 'TensorFlow does not load. WebAssembly computes instead, op by op: about 8 times slower.';
  const wasm = { ok: true, kind: 'wasm', version: 'WebAssembly', device: 'cpu', notice } as const;
  expect(benchReport([], wasm)).toContain(`auto takes wasm (WebAssembly on cpu). ${notice}`);
  expect(benchReport([webgpu], { ok: false, message: 'run npm ci.' })).toContain('auto finds no backend: run npm ci.');
});

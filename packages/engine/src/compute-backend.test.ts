import { backendCompliance, useSoftwareVulkan } from '@tributary/testing';
import { describe, it } from 'vitest';
import { openBackend } from './open-backend.js';
import { openTensorflowEager } from './tensorflow/tensorflow-backend.js';

const options = { device: 'cpu', threads: 1 } as const;
const reference = openTensorflowEager(options);
const vulkan = await useSoftwareVulkan();

// The software Vulkan driver takes milliseconds for each operation.
const timeoutMs = 120_000;

const trigonometry = {
  error: 2 ** -11,
  why: 'WGSL promises no more of sin and cos: an absolute error of 2^-11 within [-π, π]',
};
const tolerances = { webgpu: { sin: trigonometry, cos: trigonometry }, tensorflow: {}, wasm: {}, cpu: {} };

for (const prefer of ['tensorflow', 'webgpu', 'wasm', 'cpu'] as const) {
  if (prefer === 'webgpu' && !vulkan.available) {
    it.skip(`webgpu: NOT TESTED. ${vulkan.reason}`);
    continue;
  }
  describe(`${prefer} as a compute backend`, () => {
    const deps = { open: () => openBackend({ ...options, prefer }), reference, tolerances: tolerances[prefer] };
    for (const each of backendCompliance(deps)) it(each.name, each.run, timeoutMs);
  });
}

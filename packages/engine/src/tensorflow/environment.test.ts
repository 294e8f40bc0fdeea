import { expect, it } from 'vitest';
import { backendEnvironment } from './environment.js';

it('shows a worker its own GPU alone, and lets memory grow', () => {
  expect(backendEnvironment({ device: 'gpu:3', threads: 2 })).toMatchObject({
    CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
    CUDA_VISIBLE_DEVICES: '3',
    TF_FORCE_GPU_ALLOW_GROWTH: 'true',
    TF_DETERMINISTIC_OPS: '1',
    NVIDIA_TF32_OVERRIDE: '0',
    TF_NUM_INTRAOP_THREADS: '2',
  });
});

it('hides every GPU from a worker on the processor', () => {
  expect(backendEnvironment({ device: 'cpu', threads: 1 })).toMatchObject({ CUDA_VISIBLE_DEVICES: '-1' });
});

it('refuses another device', () => {
  expect(() => backendEnvironment({ device: 'cuda:0', threads: 1 })).toThrow(
    /Unknown device "cuda:0": give "cpu" or "gpu:N"/,
  );
});

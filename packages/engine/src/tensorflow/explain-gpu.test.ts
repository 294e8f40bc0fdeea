import { describe, expect, it } from 'vitest';
import { explainLoadError, explainMissingGpu } from './explain-gpu.js';
import type { GpuEvidence } from './gpu-evidence.js';

// As driver, nvidia-smi, loader and Node print them.
const module535 = `NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.183.01  Sun May 12 19:39:15 UTC 2024
GCC version:  gcc version 12.2.0 (Debian 12.2.0-14)
`;
const two = '0, NVIDIA GeForce RTX 4090, 535.183.01\n1, NVIDIA GeForce RTX 4090, 535.183.01';
const well: GpuEvidence = {
  kernelModule: module535,
  smi: { ok: true, output: two },
  libcudaError: null,
  cudaBuild: true,
};
const noLibcuda = 'libcuda.so.1: cannot open shared object file: No such file or directory';

const cases: readonly [string, string, Partial<GpuEvidence>, RegExp, RegExp][] = [
  [
    'no driver',
    'gpu:0',
    { kernelModule: null, smi: null, libcudaError: noLibcuda },
    /no NVIDIA driver is installed/,
    /525\.60\.13 or later, or give the device "cpu"/,
  ],
  [
    'a driver updated under a running kernel',
    'gpu:0',
    {
      smi: {
        ok: false,
        output: 'Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 550.120',
      },
    },
    /kernel \(535\.183\.01\) and its libraries \(550\.120\) differ/,
    /restart the machine/,
  ],
  [
    'a kernel module that is not loaded',
    'gpu:0',
    {
      kernelModule: null,
      smi: {
        ok: false,
        output:
          "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running.",
      },
    },
    /the kernel does not run it/,
    /modprobe nvidia/,
  ],
  ['no card', 'gpu:0', { smi: { ok: false, output: 'No devices were found' } }, /finds no GPU/, /dmesg/],
  [
    'a container without the toolkit',
    'gpu:0',
    { smi: null, libcudaError: noLibcuda },
    /driver 535\.183\.01 runs, but its library for programs does not load \(libcuda\.so\.1/,
    /--gpus all/,
  ],
  ['a GPU that is not there', 'gpu:2', {}, /no GPU 2/, /gpu:0 NVIDIA GeForce RTX 4090, gpu:1/],
  [
    'an old driver',
    'gpu:0',
    { smi: { ok: true, output: '0, Tesla V100-SXM2-16GB, 470.256.02' } },
    /driver 470\.256\.02 is older than TensorFlow's CUDA 12 needs/,
    /525\.60\.13 or later/,
  ],
  [
    'TensorFlow for processors',
    'gpu:1',
    { cudaBuild: false },
    /the one for processors/,
    /TRIBUTARY_TENSORFLOW=cuda make setup/,
  ],
  ['nothing that shows', 'gpu:0', {}, /driver 535\.183\.01 and CUDA look well/, /TF_CPP_MIN_LOG_LEVEL=0/],
];

describe('a missing GPU is explained by', () => {
  it.each(cases)('%s', (_, device, evidence, cause, remedy) => {
    const explained = explainMissingGpu(device, { ...well, ...evidence });
    expect(explained.cause).toMatch(cause);
    expect(explained.remedy).toMatch(remedy);
    expect(explained.remedy).not.toContain(': ');
  });
});

describe('an addon that does not load is explained by', () => {
  it.each([
    [
      'libtensorflow.so.2: cannot open shared object file: No such file or directory',
      /misses libtensorflow\.so\.2/,
      /make setup/,
    ],
    [
      'libcudart.so.12: cannot open shared object file: No such file or directory',
      /CUDA misses libcudart\.so\.12/,
      /fetches CUDA's libraries/,
    ],
    [noLibcuda, /misses libcuda\.so\.1/, /--gpus all/],
    [
      "/lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.27' not found (required by libtensorflow.so.2)",
      /GLIBC_2\.27 is missing/,
      /distribution/,
    ],
    [
      "Cannot find module '/app/node_modules/@tensorflow/tfjs-node-gpu/lib/napi-v8/tfjs_binding.node'",
      /not built yet/,
      /make setup/,
    ],
    [
      'The module was compiled against a different Node.js version using NODE_MODULE_VERSION 108.',
      /another version of Node/,
      /make setup/,
    ],
    ['tfjs_binding.node: invalid ELF header', /another kind of processor/, /make setup/],
    ['something new', /does not load/, /tributary doctor/],
  ])('%s', (message, cause, remedy) => {
    const explained = explainLoadError(message);
    expect(explained.cause).toMatch(cause);
    expect(explained.remedy).toMatch(remedy);
    expect(explained.remedy).not.toContain(': ');
  });
});

import { expect, it } from 'vitest';
import type { GpuAdapter } from './dawn.js';
import { isSoftware } from './find-adapter.js';

const adapter = (info: Partial<GpuAdapter['info']>) =>
  ({ info: { vendor: '', architecture: '', device: '', description: '', ...info } }) as GpuAdapter;

it.each([
  ['SwiftShader, as Dawn describes it', true, { device: 'swiftshader-device-subzero-', isFallbackAdapter: true }],
  ['SwiftShader that does not say so', true, { architecture: 'swiftshader' }],
  ['Mesa on the processor', true, { description: 'llvmpipe (LLVM 19.1.7, 256 bits)' }],
  ['Windows on the processor', true, { device: 'Microsoft Basic Render Driver' }],
  ['an NVIDIA GPU', false, { vendor: 'nvidia', architecture: 'lovelace', description: 'NVIDIA GeForce RTX 4090' }],
  ['an AMD GPU', false, { vendor: 'amd', device: 'AMD Radeon RX 7900 (RADV NAVI31)', isFallbackAdapter: false }],
])('takes %s for software: %s', (_, software, info) => {
  expect(isSoftware(adapter(info))).toBe(software);
});

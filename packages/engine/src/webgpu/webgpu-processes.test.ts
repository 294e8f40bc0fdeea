import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { useSoftwareVulkan } from '@tributary/testing';
import { describe, expect, it } from 'vitest';

const vulkan = await useSoftwareVulkan();
const program = fileURLToPath(new URL('../../dist/testing/train-and-hash.js', import.meta.url));
// Each operation takes milliseconds on the software driver.
const timeoutMs = 240_000;

async function train(backend: string, place: 'main' | 'worker', execArgv: readonly string[] = []) {
  const args = [...execArgv, program, backend, '1', place, 'float32', 'small'];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as { readonly kind: string; readonly notice: string; readonly loss: number };
}

const broken = `import Module from 'node:module';
  const load = Module._load;
  Module._load = (name, ...rest) => {
    if (name === '@tensorflow/tfjs-node-gpu') throw new Error('libtensorflow.so.2: cannot open shared object file');
    return load(name, ...rest);
  };`;

describe.skipIf(!vulkan.available)(
  `WebGPU in new processes${vulkan.available ? '' : `: NOT TESTED. ${vulkan.reason}`}`,
  () => {
    it('gives the same bits in a main and in a worker thread, and ends by itself', { timeout: timeoutMs }, async () => {
      const first = await train('webgpu', 'main');
      expect(first.kind).toBe('webgpu');
      expect(first.notice).toMatch(/SwiftShader.* computes on the processor/);
      expect(await train('webgpu', 'worker')).toEqual(first);
      expect(first.loss).toBeCloseTo((await train('tensorflow', 'main')).loss, 4);
    });

    it('is passed over by auto where its adapter is software, and the notice says why', async () => {
      const outcome = await train('auto', 'main', ['--import', `data:text/javascript,${encodeURIComponent(broken)}`]);
      expect(outcome.kind).toBe('wasm');
      expect(outcome.notice).toMatch(
        /TensorFlow does not load, .*misses libtensorflow\.so\.2.*run make setup\. WebGPU does not start \(its only adapter, swiftshader.*computes on the processor\)\. WebAssembly computes instead/,
      );
    });
  },
);

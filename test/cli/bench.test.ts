import { describe, expect, it } from 'vitest';
import { runCli } from '../support/api-installation.js';

describe('tributary bench', () => {
  it('measures backends without a stack, and says which one a run takes', async () => {
    const outcome = await runCli(['bench', '--backend', 'tensorflow', 'wasm', '--seconds', '1', '--json']);
    expect(outcome.code).toBe(0);
    expect(outcome.stderr).toMatch(/Measuring tensorflow, wasm one after another, on one thread \(about 14 s\)/);
    const { threads, backends, auto } = JSON.parse(outcome.stdout);
    expect(threads).toBe(1);
    expect(backends.map(({ kind }: { kind: string }) => kind)).toEqual(['tensorflow', 'wasm']);
    for (const each of backends) {
      expect(each).toMatchObject({ ok: true, device: 'cpu', batch: 64 });
      for (const figure of ['stepMs', 'firstStepMs', 'tokensPerSecond', 'gflops', 'steps']) {
        expect(each[figure]).toBeGreaterThan(0);
      }
      expect(each.tokensPerSecond).toBeCloseTo((64 * 20 * 1000) / each.stepMs, 3);
    }
    expect(auto).toMatchObject({ ok: true, kind: 'tensorflow' });
  }, 180_000);

  it('says of WebGPU without a GPU why it does not run, and fails', async () => {
    const cache = { TRIBUTARY_CACHE_DIR: '/nonexistent', VK_DRIVER_FILES: '' };
    const outcome = await runCli(['bench', '--backend', 'webgpu'], cache);
    expect(outcome).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/webgpu does not run: .*\n\nauto takes tensorflow \(TensorFlow .*traced on cpu\)/s),
    });
  });

  it.each([
    [['--backend', 'gpu'], '--backend is "gpu"; it must be one of tensorflow, webgpu, wasm, cpu'],
    [['--device', 'cuda:0'], '--device is "cuda:0"; it must be cpu or gpu:N'],
    [['--seconds', '0'], 'It must be a whole number of at least 1.'],
  ])('refuses %j', async (args, message) => {
    const outcome = await runCli(['bench', ...args]);
    expect(outcome).toMatchObject({ code: 2, stdout: '' });
    expect(outcome.stderr).toContain(message);
  });
});

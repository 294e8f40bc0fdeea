import { describe, expect, it } from 'vitest';
import { type BackendFinding, type BackendFindings, backendChecks } from './backend-checks.js';

const runs = (kind: string, version: string, device = 'cpu', notice: string | null = null): BackendFinding => ({
  ok: true,
  kind,
  version,
  device,
  notice,
});
const fails = (message: string): BackendFinding => ({ ok: false, message });

const noVulkan =
  'WebGPU does not start (there is no Vulkan loader (libvulkan.so.1: cannot open shared object file: No such file or directory): install libvulkan1 and the driver of the GPU): `tributary doctor` says how to mend it.';
const processor: BackendFindings = {
  gpu: undefined,
  backends: {
    auto: runs('tensorflow', 'TensorFlow 2.21.0, traced'),
    tensorflow: runs('tensorflow', 'TensorFlow 2.21.0, traced'),
    webgpu: fails(noVulkan),
    wasm: runs('wasm', 'TensorFlow.js 4.22.0, WebAssembly with SIMD, op by op'),
    cpu: runs('cpu', 'TensorFlow.js 4.22.0, JavaScript, op by op'),
  },
};

function check(findings: BackendFindings, name: string) {
  const found = backendChecks(findings).find((each) => each.name === `backend ${name}`);
  if (found === undefined) throw new Error(`no check ${name}`);
  expect(found.ok).toBe(found.remedy === undefined);
  return found;
}

const withBackends = (
  gpu: BackendFindings['gpu'],
  backends: Partial<BackendFindings['backends']>,
): BackendFindings => ({
  gpu,
  backends: { ...processor.backends, ...backends },
});

describe('the doctor', () => {
  it('finds a machine without a GPU well, and says why WebGPU does not run', () => {
    expect(backendChecks(processor).every(({ ok }) => ok)).toBe(true);
    expect(check(processor, 'webgpu').detail).toMatch(/no GPU \(.*no Vulkan loader/);
    expect(check(processor, 'auto').detail).toBe('TensorFlow 2.21.0, traced on cpu');
  });

  it('asks for the mending of an NVIDIA GPU that TensorFlow does not find', () => {
    const message =
      'TensorFlow finds no GPU for "gpu:0" (the NVIDIA driver in the kernel (535.183.01) and its libraries (550.120) differ, as after an update): restart the machine, or unload and load its nvidia kernel modules.';
    const findings = withBackends('nvidia', {
      tensorflow: fails(message),
      auto: runs('tensorflow', 'TensorFlow 2.21.0, traced', 'cpu', `${message} It computes on the processor.`),
    });
    expect(check(findings, 'tensorflow')).toMatchObject({
      ok: false,
      detail: expect.stringMatching(/535\.183\.01.*differ/) as string,
      remedy: 'restart the machine, or unload and load its nvidia kernel modules',
    });
    expect(check(findings, 'auto').detail).toMatch(/traced on cpu\. TensorFlow finds no GPU/);
  });

  it('says of another GPU that TensorFlow does not use it', () => {
    const findings = withBackends('other', { webgpu: runs('webgpu', 'WebGPU on Radeon', 'gpu:0') });
    expect(check(findings, 'tensorflow').detail).toMatch(/NVIDIA GPUs alone/);
    expect(check(findings, 'webgpu')).toMatchObject({ ok: true, detail: 'WebGPU on Radeon on gpu:0' });
  });

  it('asks for a Vulkan driver where TensorFlow does not run and a GPU is there', () => {
    const addon = fails(
      'TensorFlow does not load, since the TensorFlow addon is not built yet (Cannot find module): run make setup.',
    );
    const findings = withBackends('other', { tensorflow: addon });
    expect(check(findings, 'tensorflow').remedy).toBe('run make setup');
    expect(check(findings, 'webgpu').remedy).toMatch(/apt install mesa-vulkan-drivers/);
  });

  it('does not take a software driver for a GPU', () => {
    const findings = withBackends(undefined, { webgpu: runs('webgpu', 'WebGPU on SwiftShader', 'cpu') });
    expect(check(findings, 'webgpu')).toMatchObject({
      ok: true,
      detail: expect.stringContaining('for tests alone') as string,
    });
  });

  it('names what to do when no backend runs', () => {
    const broken = fails('its process ended (out of memory).');
    const findings = withBackends(undefined, { tensorflow: broken, wasm: broken, cpu: broken, auto: broken });
    expect(check(findings, 'auto').ok).toBe(false);
    expect(check(findings, 'wasm').remedy).toBe('run npm ci');
  });
});

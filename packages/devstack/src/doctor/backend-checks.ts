import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { lastLines, runCommand } from '../setup/command.js';
import { nvidiaGpuPresent } from '../tensorflow/variant.js';
import { bad, type DoctorCheck, good } from './doctor-check.js';

/** What the engine's probe says of one backend. */
export type BackendFinding =
  | {
      readonly ok: true;
      readonly kind: string;
      readonly version: string;
      readonly device: string;
      readonly notice: string | null;
    }
  | { readonly ok: false; readonly message: string };

export const backendKinds = ['tensorflow', 'webgpu', 'wasm', 'cpu'] as const;
export type ProbedBackend = (typeof backendKinds)[number] | 'auto';

export interface BackendFindings {
  /** A GPU is in the machine, whether its driver works or not. */
  readonly gpu: 'nvidia' | 'other' | undefined;
  readonly backends: Readonly<Record<ProbedBackend, BackendFinding>>;
}

/** Opens each backend in a process of its own. */
export async function probeBackends(root: string, env: NodeJS.ProcessEnv): Promise<BackendFindings> {
  const gpu = (await nvidiaGpuPresent()) ? 'nvidia' : otherGpuPresent() ? 'other' : undefined;
  const device = gpu === 'nvidia' ? 'gpu:0' : 'cpu';
  const names = ['auto', ...backendKinds] as const;
  const found = await Promise.all(
    names.map(async (name) => [name, await probeBackend(root, name, device, env)] as const),
  );
  return { gpu, backends: Object.fromEntries(found) as BackendFindings['backends'] };
}

/** A device file of a GPU's driver in the kernel. */
function otherGpuPresent(): boolean {
  return existsSync('/dev/dri') && readdirSync('/dev/dri').some((name) => name.startsWith('renderD'));
}

/** Opens one backend in a process of its own, on a GPU's own drivers alone. */
export async function probeBackend(
  root: string,
  backend: ProbedBackend,
  device: string,
  env: NodeJS.ProcessEnv,
): Promise<BackendFinding> {
  const probe = join(root, 'packages', 'engine', 'dist', 'probe-main.js');
  if (!existsSync(probe)) return { ok: false, message: 'the engine is not compiled yet: run make build.' };
  // The tests' software driver says nothing of this machine's GPU.
  const { VK_DRIVER_FILES: _, ...others } = env;
  const said = await runCommand(process.execPath, [probe, backend, device], {
    env: { ...others, TF_CPP_MIN_LOG_LEVEL: '3' },
    extendEnv: false,
    timeout: 60_000,
  });
  const line = said.output.split('\n').find((each) => each.startsWith('{"ok":'));
  if (line !== undefined) return JSON.parse(line) as BackendFinding;
  return { ok: false, message: `its process ended (${lastLines(said.output, 2)}).` };
}

/**
 * One line for each backend: what it computes on, or why it does not run and what mends that. That a better one is missing
 * is a fault only where the machine has what it needs.
 */
export function backendChecks({ gpu, backends }: BackendFindings): DoctorCheck[] {
  const { auto } = backends;
  const chosen = auto.ok
    ? good('backend auto', `${auto.version} on ${auto.device}${auto.notice === null ? '' : `. ${auto.notice}`}`)
    : bad('backend auto', auto.message, 'mend one of the backends above');
  return [
    tensorflowCheck(backends.tensorflow, gpu),
    webgpuCheck(backends.webgpu, gpu, backends.tensorflow.ok),
    plainCheck('wasm', backends.wasm),
    plainCheck('cpu', backends.cpu),
    chosen,
  ];
}

/** Cause and remedy of a message `CAUSE: REMEDY.`; the engine's messages have that form. */
function parted(message: string): { readonly cause: string; readonly remedy: string } {
  const at = message.lastIndexOf(': ');
  if (at < 0) return { cause: message, remedy: 'run make setup' };
  return { cause: message.slice(0, at), remedy: message.slice(at + 2).replace(/\.$/, '') };
}

function tensorflowCheck(found: BackendFinding, gpu: BackendFindings['gpu']): DoctorCheck {
  const name = 'backend tensorflow';
  if (found.ok) {
    const unused = gpu === 'other' ? '; it computes on NVIDIA GPUs alone, and that of this machine is another' : '';
    return good(name, `${found.version} on ${found.device}${unused}`);
  }
  const { cause, remedy } = parted(found.message);
  return bad(name, cause, remedy);
}

/** The engine's message without its advice to ask the doctor. */
const withoutAdvice = (message: string): string =>
  /^\S+ does not start \((.*)\): `tributary doctor`/s.exec(message)?.[1] ?? message.replace(/\.$/, '');

function webgpuCheck(found: BackendFinding, gpu: BackendFindings['gpu'], tensorflow: boolean): DoctorCheck {
  const name = 'backend webgpu';
  if (found.ok && found.device !== 'cpu') return good(name, `${found.version} on ${found.device}`);
  const why = found.ok ? `${found.version} is a software driver, for tests alone` : withoutAdvice(found.message);
  if (gpu === undefined) return good(name, `not here, as there is no GPU (${why})`);
  if (tensorflow) return good(name, `does not run, and need not beside TensorFlow (${why})`);
  const remedy =
    gpu === 'nvidia'
      ? "install the NVIDIA driver's Vulkan part and libvulkan1"
      : "install the GPU's Vulkan driver and libvulkan1 (Debian and Ubuntu: apt install mesa-vulkan-drivers)";
  return bad(name, why, remedy);
}

function plainCheck(kind: 'wasm' | 'cpu', found: BackendFinding): DoctorCheck {
  const name = `backend ${kind}`;
  if (found.ok) return good(name, found.version);
  return bad(name, withoutAdvice(found.message), 'run npm ci');
}

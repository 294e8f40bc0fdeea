import { existsSync } from 'node:fs';
import { runCommand } from '../setup/command.js';

/** The pinned TensorFlow; the requirement files in `infra/tensorflow` pin the same version with its hashes. */
export const tensorflowVersion = '2.21.0';

/** `cpu`: the `tensorflow-cpu` wheel. `cuda`: `tensorflow[and-cuda]`, for an NVIDIA GPU. */
export type TensorflowVariant = 'cpu' | 'cuda';

/** True where the NVIDIA driver is loaded and a GPU answers. */
export async function nvidiaGpuPresent(): Promise<boolean> {
  if (existsSync('/proc/driver/nvidia/version')) return true;
  const listed = await runCommand('nvidia-smi', ['-L'], { timeout: 20_000 });
  return listed.ok && listed.output.includes('GPU ');
}

/** The variant for this machine; `TRIBUTARY_TENSORFLOW` = `cpu`, `cuda` or `off` decides instead. */
export async function chooseVariant(env: NodeJS.ProcessEnv = process.env): Promise<TensorflowVariant | 'off'> {
  const named = env.TRIBUTARY_TENSORFLOW;
  if (named === 'cpu' || named === 'cuda' || named === 'off') return named;
  return (await nvidiaGpuPresent()) ? 'cuda' : 'cpu';
}

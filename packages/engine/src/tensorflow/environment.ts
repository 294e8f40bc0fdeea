import { isMainThread } from 'node:worker_threads';
import { TributaryError } from '@tributary/protocol';

/**
 * The environment variables by which TensorFlow takes thread counts, device and logging, once, when its library loads.
 * `openBackend` sets them in a main thread. A worker thread's `process.env` is a copy that the library does not see:
 * a process that computes in one must be started with these, or set them before it starts the thread.
 */
export function backendEnvironment(options: {
  readonly device: string;
  readonly threads: number;
}): Record<string, string> {
  const { device, threads } = options;
  const gpu = /^gpu:(\d+)$/.exec(device)?.[1];
  if (gpu === undefined && device !== 'cpu') {
    throw new TributaryError('BACKEND_UNAVAILABLE', `Unknown device "${device}": give "cpu" or "gpu:N".`);
  }
  const common = {
    TF_NUM_INTRAOP_THREADS: String(threads),
    // Negative: nodes run one after another on the calling thread, each with all threads of its kernel. A pool would take them up in
    // an order that depends on the machine's load, and a sum of three or more (AddN, which TensorFlow also makes of chains of
    // sums) begins with the first input whose memory nobody else uses at that moment: its last bit would follow the load.
    TF_NUM_INTEROP_THREADS: '-1',
    OMP_NUM_THREADS: String(threads),
    TF_CPP_MIN_LOG_LEVEL: process.env.TF_CPP_MIN_LOG_LEVEL ?? '2',
  };
  if (gpu === undefined) return { ...common, CUDA_VISIBLE_DEVICES: '-1' };
  return {
    ...common,
    // The process sees this GPU alone, by the number that nvidia-smi gives it.
    CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
    CUDA_VISIBLE_DEVICES: gpu,
    // Else the first process takes nearly all of the memory, and a second one on the same GPU fails.
    TF_FORCE_GPU_ALLOW_GROWTH: 'true',
    TF_DETERMINISTIC_OPS: '1',
    // float32 is float32: tensor cores would round the operands of products to 10 bits. Who wants that asks for bf16.
    NVIDIA_TF32_OVERRIDE: '0',
  };
}

/** Puts the variables in force for a library that is about to load. */
export function applyEnvironment(variables: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(variables)) {
    if (process.env[name] === value) continue;
    if (!isMainThread) {
      throw new TributaryError(
        'BACKEND_UNAVAILABLE',
        `A worker thread cannot set ${name}=${value} for TensorFlow: start the process with the variables of backendEnvironment.`,
      );
    }
    process.env[name] = value;
  }
}

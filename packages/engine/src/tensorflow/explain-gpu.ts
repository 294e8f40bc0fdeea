import type { GpuEvidence } from './gpu-evidence.js';

/** What is wrong, and what mends it: `${cause}: ${remedy}.` is a sentence, and ": " stands nowhere in the remedy. */
export interface Explanation {
  readonly cause: string;
  readonly remedy: string;
}

/** The oldest driver that runs CUDA 12 (NVIDIA, "CUDA Compatibility", minor version compatibility). */
const oldestDriver = '525.60.13';

const instead = 'give the device "cpu" to compute on the processor';

function versionOf(text: string | null | undefined): string | undefined {
  return /\b(\d{3,}(?:\.\d+)+)\b/.exec(text ?? '')?.[1];
}

function isOlder(version: string, than: string): boolean {
  const [left, right] = [version, than].map((each) => each.split('.').map(Number)) as [number[], number[]];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

/** The lines of `nvidia-smi`'s answer, one for each GPU. */
function gpusOf({ smi }: GpuEvidence): readonly { readonly name: string; readonly driver: string }[] {
  if (smi === null || !smi.ok) return [];
  return smi.output
    .split('\n')
    .map((line) => line.split(',').map((cell) => cell.trim()))
    .filter((cells) => cells.length === 3 && /^\d+$/.test(cells[0] ?? ''))
    .map(([, name, driver]) => ({ name: name ?? '', driver: driver ?? '' }));
}

/** What stands between programs and the driver, or undefined where nothing does. */
function explainDriver(evidence: GpuEvidence): Explanation | undefined {
  const { kernelModule, smi, libcudaError } = evidence;
  const module = versionOf(kernelModule);
  if (kernelModule === null && smi === null) {
    return {
      cause: 'no NVIDIA driver is installed here',
      remedy: `install one of version ${oldestDriver} or later, or ${instead}`,
    };
  }
  if (smi !== null && /Driver\/library version mismatch/i.test(smi.output)) {
    const library = versionOf(smi.output);
    return {
      cause: `the NVIDIA driver in the kernel (${module ?? 'version unknown'}) and its libraries (${library ?? 'another version'}) differ, as after an update`,
      remedy: 'restart the machine, or unload and load its nvidia kernel modules',
    };
  }
  if (smi !== null && !smi.ok && (kernelModule === null || /couldn't communicate/i.test(smi.output))) {
    return {
      cause: 'the NVIDIA driver is installed, but the kernel does not run it',
      remedy: 'run modprobe nvidia, and where that fails install the driver anew for this kernel',
    };
  }
  if (smi !== null && /no devices were found/i.test(smi.output)) {
    return {
      cause: 'the NVIDIA driver runs and finds no GPU',
      remedy: `see dmesg for what it says of the card, or ${instead}`,
    };
  }
  if (libcudaError !== null) {
    return {
      cause:
        `the NVIDIA driver ${module ?? ''} runs, but its library for programs does not load (${libcudaError})`.replace(
          '  ',
          ' ',
        ),
      remedy:
        "in a container, start it with NVIDIA's toolkit (--gpus all, NVIDIA_DRIVER_CAPABILITIES=compute,utility), else install the driver's libcuda (libcuda1 on Debian)",
    };
  }
  return undefined;
}

/**
 * Why TensorFlow finds no GPU for `device`, from what the machine says.
 *
 * @param device `gpu:N`
 */
export function explainMissingGpu(device: string, evidence: GpuEvidence): Explanation {
  const wrong = explainDriver(evidence);
  if (wrong !== undefined) return wrong;
  const gpus = gpusOf(evidence);
  const index = Number(device.slice('gpu:'.length));
  if (gpus.length > 0 && index >= gpus.length) {
    const names = gpus.map(({ name }, number) => `gpu:${number} ${name}`).join(', ');
    return { cause: `there is no GPU ${index}`, remedy: `give one that there is, ${names}` };
  }
  const driver = gpus[index]?.driver ?? versionOf(evidence.kernelModule);
  if (driver !== undefined && isOlder(driver, oldestDriver)) {
    return {
      cause: `the NVIDIA driver ${driver} is older than TensorFlow's CUDA 12 needs`,
      remedy: `install ${oldestDriver} or later`,
    };
  }
  if (!evidence.cudaBuild) {
    return {
      cause: 'the TensorFlow that is set up here is the one for processors',
      remedy: 'run TRIBUTARY_TENSORFLOW=cuda make setup (3 GB, once)',
    };
  }
  return {
    cause: `driver ${driver ?? '(version unknown)'} and CUDA look well, and TensorFlow does not say more`,
    remedy: 'run it with TF_CPP_MIN_LOG_LEVEL=0, which prints what CUDA library it misses',
  };
}

const again = 'run make setup';

/** What a failure to load the addon means, from what the system's loader said. */
export function explainLoadError(message: string): Explanation {
  const missing = /(lib[\w.+-]+\.so[.\d]*): cannot open shared object file/.exec(message)?.[1];
  if (/compiled against a different Node\.js version|NODE_MODULE_VERSION/.test(message)) {
    return { cause: 'the TensorFlow addon was compiled for another version of Node', remedy: again };
  }
  const symbol = /version [`']?((?:GLIBC|GLIBCXX|CXXABI)_[\d.]+)'? not found/.exec(message)?.[1];
  if (symbol !== undefined) {
    return {
      cause: `this system's libraries are older than TensorFlow needs (${symbol} is missing)`,
      remedy: 'use a distribution with glibc 2.27 and GCC 9 or later',
    };
  }
  if (missing !== undefined && /^lib(cu|nv|nccl)/.test(missing)) {
    const remedy =
      missing === 'libcuda.so.1'
        ? "install the NVIDIA driver's libcuda, or start the container with --gpus all"
        : `${again}, which fetches CUDA's libraries beside TensorFlow`;
    return { cause: `TensorFlow with CUDA misses ${missing}`, remedy };
  }
  if (missing !== undefined) return { cause: `the TensorFlow addon misses ${missing}`, remedy: again };
  if (/Cannot find module|no such file/i.test(message)) {
    return { cause: 'the TensorFlow addon is not built yet', remedy: again };
  }
  if (/invalid ELF header|wrong ELF class|Exec format/.test(message)) {
    return { cause: 'the TensorFlow addon was built for another kind of processor', remedy: again };
  }
  return { cause: 'the TensorFlow addon does not load', remedy: `${again}; \`tributary doctor\` says more` };
}

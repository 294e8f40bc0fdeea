import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** One GPU now; null: the GPU does not tell it. */
export interface GpuReading {
  /** Share of the last sample period in which a kernel ran, 0 to 1. */
  readonly utilization: number | null;
  readonly memoryBytes: number | null;
  readonly memoryLimitBytes: number | null;
  readonly powerWatts: number | null;
  readonly temperatureCelsius: number | null;
}

const timeoutMs = 10_000;
const bytesPerMiB = 1024 * 1024;

/** What is asked for, in this order. */
const fields = ['utilization.gpu', 'memory.used', 'memory.total', 'power.draw', 'temperature.gpu'] as const;

/**
 * Asks NVIDIA's tool of the driver (`nvidia-smi --help-query-gpu`).
 * @param index of the GPU as the driver counts
 * @throws where the tool is missing, fails or gives another form
 */
export async function readGpu(index: number): Promise<GpuReading> {
  const args = [`--id=${index}`, `--query-gpu=${fields.join(',')}`, '--format=csv,noheader,nounits'];
  const { stdout } = await promisify(execFile)('nvidia-smi', args, { timeout: timeoutMs });
  return parseReading(stdout);
}

/**
 * Reads one line of its CSV: percent, MiB, MiB, watts, degrees Celsius. `[N/A]`, `[Not Supported]` and the like stand where a GPU
 * does not tell something.
 * @throws on any other form
 */
export function parseReading(csv: string): GpuReading {
  const lines = csv.split('\n').filter((line) => line.trim() !== '');
  const cells = lines[0]?.split(',').map((cell) => cell.trim()) ?? [];
  if (lines.length !== 1 || cells.length !== fields.length)
    throw new Error(`nvidia-smi gave "${csv.trim().slice(0, 200)}" for ${fields.join(', ')} of one GPU`);
  const [utilization, memory, memoryLimit, powerWatts, temperatureCelsius] = cells.map(numberOf) as [
    number | null,
    number | null,
    number | null,
    number | null,
    number | null,
  ];
  return {
    utilization: utilization === null ? null : utilization / 100,
    memoryBytes: memory === null ? null : memory * bytesPerMiB,
    memoryLimitBytes: memoryLimit === null ? null : memoryLimit * bytesPerMiB,
    powerWatts,
    temperatureCelsius,
  };
}

function numberOf(cell: string): number | null {
  if (/^\[?[A-Z][A-Za-z/ ]*\]?$/.test(cell)) return null;
  const value = Number(cell);
  if (cell === '' || !Number.isFinite(value)) throw new Error(`nvidia-smi gave "${cell}" where a number should be`);
  return value;
}

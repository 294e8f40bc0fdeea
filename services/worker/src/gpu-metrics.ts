import { repeatedly } from '@tributary/service-runtime';
import type { Logger, Metrics } from '@tributary/telemetry';
import { readGpu } from './nvidia-smi.js';

export interface GpuMetricsOptions {
  readonly worker: string;
  /** `cpu` or `gpu:N`. */
  readonly device: string;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Default 5 s. */
  readonly everyMs?: number;
}

/** Keeps the metrics of this worker's GPU, as far as the GPU tells them; a processor has none. Returns how to end it. */
export function tellGpu({ worker, device, metrics, logger, everyMs = 5_000 }: GpuMetricsOptions): () => Promise<void> {
  const index = /^gpu:(\d+)$/.exec(device)?.[1];
  if (index === undefined) return () => Promise.resolve();
  const labels = { worker, device };
  const tell = async (): Promise<void> => {
    const reading = await readGpu(Number(index));
    const gauges = [
      [metrics.gpuUtilizationRatio, reading.utilization],
      [metrics.gpuMemoryBytes, reading.memoryBytes],
      [metrics.gpuMemoryLimitBytes, reading.memoryLimitBytes],
      [metrics.gpuPowerWatts, reading.powerWatts],
      [metrics.gpuTemperatureCelsius, reading.temperatureCelsius],
    ] as const;
    for (const [gauge, value] of gauges)
      if (value === null) gauge.remove(labels);
      else gauge.set(labels, value);
  };
  return repeatedly('the GPU by nvidia-smi', everyMs, tell, logger);
}

import type { DeviceDescription } from '@tributary/protocol';

export interface AbleWorker {
  readonly worker: string;
  readonly device: DeviceDescription;
  /** The run that holds it, or has given it back without confirmation; null: it is free. */
  readonly leasedTo: string | null;
}

/** Workers of one kind compute the same bits: same backend and version, same model of processor or GPU, same Tributary. */
export function workerKind({ backend, backendVersion, model, device, version }: DeviceDescription): string {
  return JSON.stringify([deviceType(device), backend, backendVersion, model, version]);
}

/** `gpu` of `gpu:3`. */
export function deviceType(device: string): string {
  return device.split(':', 1)[0] ?? device;
}

export function kindSizes(workers: readonly Pick<AbleWorker, 'device'>[]): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const { device } of workers) sizes.set(workerKind(device), (sizes.get(workerKind(device)) ?? 0) + 1);
  return sizes;
}

/**
 * Up to `max` workers of one kind, by name: GPUs before others, then the kind of which most are free.
 * @returns null where no kind has `min`
 */
export function chooseKind(free: readonly AbleWorker[], min: number, max: number): string[] | null {
  const gpuFirst = (kind: string) => (kind.startsWith('["gpu"') ? 0 : 1);
  const best = [...kindSizes(free)]
    .filter(([, size]) => size >= min)
    .sort(([a, sizeA], [b, sizeB]) => gpuFirst(a) - gpuFirst(b) || sizeB - sizeA || (a < b ? -1 : 1))[0];
  if (!best) return null;
  return free
    .filter(({ device }) => workerKind(device) === best[0])
    .map(({ worker }) => worker)
    .sort()
    .slice(0, max);
}

/** The kind of most of some workers, the first by name where two are equal; null for none. */
export function commonKind(workers: readonly Pick<AbleWorker, 'device'>[]): string | null {
  return [...kindSizes(workers)].sort(([a, sizeA], [b, sizeB]) => sizeB - sizeA || (a < b ? -1 : 1))[0]?.[0] ?? null;
}

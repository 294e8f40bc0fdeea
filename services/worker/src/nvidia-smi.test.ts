import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createLogger, createMetrics } from '@tributary/telemetry';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { tellGpu } from './gpu-metrics.js';
import { parseReading, readGpu } from './nvidia-smi.js';

describe("nvidia-smi's answer", () => {
  it('is read in base units', () => {
    expect(parseReading('87, 12345, 81559, 312.45, 54\n')).toEqual({
      utilization: 0.87,
      memoryBytes: 12_345 * 1024 * 1024,
      memoryLimitBytes: 81_559 * 1024 * 1024,
      powerWatts: 312.45,
      temperatureCelsius: 54,
    });
  });

  it.each(['[N/A]', 'N/A', '[Not Supported]', '[Unknown Error]', '[GPU requires reset]'])(
    'may leave out: %s',
    (word) => {
      expect(parseReading(`${word}, 512, 16384, ${word}, 40`)).toEqual({
        utilization: null,
        memoryBytes: 512 * 1024 * 1024,
        memoryLimitBytes: 16_384 * 1024 * 1024,
        powerWatts: null,
        temperatureCelsius: 40,
      });
    },
  );

  it.each([
    ['nothing', ''],
    ['a GPU too many', '0, 1, 2, 3, 4\n0, 1, 2, 3, 4\n'],
    ['a field too few', '0, 1, 2, 3\n'],
    ['units', '87 %, 12345 MiB, 81559 MiB, 312.45 W, 54\n'],
    ['an empty field', '87, , 81559, 312.45, 54\n'],
    ['the complaint of a machine without the driver', 'No devices were found\n'],
  ])('is refused in another form: %s', (_, text) => expect(() => parseReading(text)).toThrow(/nvidia-smi gave/));
});

describe('a GPU worker', () => {
  const path = process.env.PATH;
  const logger = createLogger({ service: 'test', level: 'silent' });
  afterEach(() => {
    process.env.PATH = path;
  });

  it('tells nothing where the tool is missing, and goes on asking', async () => {
    process.env.PATH = '/nowhere';
    await expect(readGpu(0)).rejects.toThrow(/ENOENT/);
    const metrics = createMetrics();
    const stop = tellGpu({ worker: 'w', device: 'gpu:0', metrics, logger, everyMs: 1 });
    await stop();
    expect(await metrics.scrape()).not.toContain('tributary_gpu_power_watts{');
  });

  it('asks for its own GPU, and forgets what the GPU no longer tells', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tributary-nvidia-'));
    process.env.PATH = `${folder}${delimiter}${path}`;
    const answer = (line: string): Promise<void> =>
      writeFile(join(folder, 'nvidia-smi'), `#!/bin/sh\ncase "$*" in *--id=3*) echo "${line}";; *) exit 1;; esac\n`);
    await answer('50, 100, 1000, 200, 60');
    await chmod(join(folder, 'nvidia-smi'), 0o755);
    const metrics = createMetrics();
    const stop = tellGpu({ worker: 'w', device: 'gpu:3', metrics, logger, everyMs: 10 });
    const seen = (line: string) => vi.waitFor(async () => expect(await metrics.scrape()).toContain(line), 10_000);
    await seen('tributary_gpu_utilization_ratio{worker="w",device="gpu:3"} 0.5');
    await seen('tributary_gpu_power_watts{worker="w",device="gpu:3"} 200');
    await answer('20, 100, 1000, [N/A], 60');
    await seen('tributary_gpu_utilization_ratio{worker="w",device="gpu:3"} 0.2');
    expect(await metrics.scrape()).not.toContain('tributary_gpu_power_watts{');
    await stop();
    await rm(folder, { recursive: true });
  });

  it('is none on a processor', async () => {
    const metrics = createMetrics();
    await tellGpu({ worker: 'w', device: 'cpu', metrics, logger })();
    expect(await metrics.scrape()).not.toContain('tributary_gpu_memory_bytes{');
  });
});

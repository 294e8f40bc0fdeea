import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { repositoryRoot } from '@tributary/devstack';

/** What the job's rank 0 writes: a start, or a step done. Seconds since 1970. */
type Line = { readonly at: number } & ({ readonly resumed: number } | { readonly step: number });

export interface TorchrunOptions {
  readonly python: string;
  readonly ranks: number;
  readonly steps: number;
  /** Steps between checkpoints, which lie in memory where there is a file system in memory. */
  readonly every: number;
  readonly kills: readonly { readonly step: number; readonly delayMs: number; readonly rank: number }[];
  readonly report: (line: string) => void;
}

export interface TorchrunResult {
  /** From each kill to the next step that was done after it. */
  readonly seconds: readonly number[];
  /** Steps that were done before each kill and had to be done again. */
  readonly lost: readonly number[];
  readonly stepMs: number;
}

/** PyTorch's DistributedDataParallel under `torchrun --max-restarts`, whose ranks are killed after given steps. */
export async function trainWithTorchrun(options: TorchrunOptions): Promise<TorchrunResult> {
  const { python, ranks, steps, every, kills, report } = options;
  const memory = await mkdtemp('/dev/shm/tributary-peer-').catch(() => mkdtemp(join(tmpdir(), 'tributary-peer-')));
  const pids = join(memory, 'pids');
  const log = join(memory, 'log');
  await mkdir(pids);
  const job = {
    ...{ steps, every, log, pids, checkpoint: join(memory, 'checkpoint.pt'), form: 'modules' },
    sizes: { vocabulary: 64, embedding: 64, hidden: 256 },
    shape: { batch: 8, source: 16, target: 16 },
  };
  const peers = join(repositoryRoot(), 'test/bench/peers');
  const args = ['-m', 'torch.distributed.run', '--standalone', `--nproc-per-node=${ranks}`, '--monitor-interval=0.1'];
  const child = spawn(
    python,
    [...args, `--max-restarts=${kills.length + 2}`, join(peers, 'recovery.py'), JSON.stringify(job)],
    // Its own group: torchrun's ranks must not outlive an interrupted driver.
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, OMP_NUM_THREADS: '1', GLOO_SOCKET_IFNAME: 'lo' },
      detached: true,
    },
  );
  let said = '';
  child.stderr.on('data', (chunk) => {
    said = (said + String(chunk)).slice(-4_000);
  });
  const onExit = (): void => endGroup(child);
  process.once('exit', onExit);
  try {
    const seconds: number[] = [];
    const lost: number[] = [];
    for (const { step, delayMs, rank } of kills) {
      await until(async () => lastStep(await linesOf(log)) >= step);
      await delay(delayMs);
      const before = await linesOf(log);
      const killedAt = Date.now() / 1000;
      process.kill(Number(await readFile(join(pids, String(rank)), 'utf8')), 'SIGKILL');
      // Of the next start, not what rank 0 still did.
      const after = await until(async () => {
        const lines = await linesOf(log);
        const start = lines.findIndex((line, index) => index >= before.length && 'resumed' in line);
        const next = start < 0 ? undefined : lines.slice(start).find((line) => 'step' in line);
        return next !== undefined && { lines, start, next };
      });
      const resumed = after.lines[after.start] as Extract<Line, { resumed: number }>;
      seconds.push(after.next.at - killedAt);
      lost.push(lastStep(after.lines.slice(0, after.start)) - resumed.resumed);
      report(
        `  torchrun: killed rank ${rank} after step ${step}: ${seconds.at(-1)?.toFixed(2)} s, ${lost.at(-1)} steps lost`,
      );
      await until(async () => lastStep(await linesOf(log)) > step + (lost.at(-1) ?? 0));
    }
    await until(() => Promise.resolve(child.exitCode !== null));
    if (child.exitCode !== 0) throw new Error(`torchrun ended with code ${child.exitCode}: ${said}`);
    const times = (await linesOf(log)).map((line, index, all) =>
      index > 0 && 'step' in line && 'step' in (all[index - 1] as Line) ? line.at - (all[index - 1] as Line).at : null,
    );
    const sorted = times.filter((time) => time !== null).sort((a, b) => a - b);
    return { seconds, lost, stepMs: (sorted[sorted.length >> 1] ?? Number.NaN) * 1000 };
  } finally {
    process.removeListener('exit', onExit);
    endGroup(child);
    await rm(memory, { recursive: true, force: true });
  }

  async function until<T>(probe: () => Promise<T | false>): Promise<T> {
    const limit = performance.now() + 180_000;
    for (;;) {
      const found = await probe();
      if (found !== false) return found;
      if (child.exitCode !== null && child.exitCode !== 0)
        throw new Error(`torchrun ended with code ${child.exitCode}: ${said}`);
      if (performance.now() > limit) throw new Error(`torchrun makes no progress: ${said}`);
      await delay(5);
    }
  }
}

function endGroup(child: ChildProcess): void {
  if (child.exitCode !== null || child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It ended meanwhile.
  }
}

const lastStep = (lines: readonly Line[]): number =>
  Math.max(0, ...lines.map((line) => ('step' in line ? line.step : 0)));

async function linesOf(file: string): Promise<Line[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  // A line that is being written has no end yet.
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  return whole
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line);
}

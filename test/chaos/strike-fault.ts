import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { Kvm } from '@nats-io/kv';
import { natsStore } from '@tributary/checkpoints';
import { type CheckpointManifest, type GenerationDocument, natsNames } from '@tributary/protocol';
import { childrenOf } from './chaos-process.js';
import type { ChaosStack } from './chaos-stack.js';
import type { Damage, Fault } from './fault.js';
import type { MessageCapture } from './message-capture.js';

export interface StruckFault {
  /** When it struck, by `performance.now()`. */
  readonly atMs: number;
  /** Whether the run must open another generation to go on. */
  readonly moves: boolean;
  /** What was really struck, where that is not what the fault says. */
  readonly note: string | null;
  /** Mends what must be mended: starts again what was killed, heals, lets go on. */
  mend(): Promise<void>;
}

/** Where faults strike. */
export interface StrikeGround {
  readonly stack: ChaosStack;
  readonly run: string;
  readonly capture: MessageCapture;
  readonly signal: AbortSignal;
}

const nothing = (): Promise<void> => Promise.resolve();
const seconds = (value: number): Promise<void> => delay(value * 1000);

/** Strikes; what is to be mended later is mended by the caller, who watches the run meanwhile. */
export async function strikeFault(fault: Fault, ground: StrikeGround): Promise<StruckFault> {
  const { stack, signal } = ground;
  switch (fault.kind) {
    case 'kill-trainer': {
      const { worker, pid } = await trainingWorker(ground, fault.worker);
      process.kill(pid, 'SIGKILL');
      return struck({ moves: true, note: other(fault.worker, worker) });
    }
    case 'trainer-point':
      return await trainerPoint(fault, ground);
    case 'kill-agent': {
      const { worker } = await trainingWorker(ground, fault.worker);
      const atMs = performance.now();
      await processOf(stack, worker).end('SIGKILL');
      const mend = async (): Promise<void> => {
        await seconds(fault.awayS);
        await stack.startWorker(worker);
      };
      return struck({ atMs, moves: true, note: other(fault.worker, worker), mend });
    }
    case 'drain-agent': {
      const { worker } = await trainingWorker(ground, fault.worker);
      const agent = processOf(stack, worker);
      const atMs = performance.now();
      agent.signal('SIGTERM');
      const mend = async (): Promise<void> => {
        await agent.exited();
        await seconds(fault.awayS);
        await stack.startWorker(worker);
      };
      return struck({ atMs, moves: true, note: other(fault.worker, worker), mend });
    }
    case 'kill-service': {
      const service = stack.services[fault.service];
      const atMs = performance.now();
      await service.end('SIGKILL');
      const mend = async (): Promise<void> => {
        await seconds(fault.awayS);
        service.start();
      };
      return struck({ atMs, moves: false, mend });
    }
    case 'recorder-point': {
      const { recorder } = stack.services;
      const atMs = performance.now();
      await recorder.end('SIGKILL');
      recorder.start({ TRIBUTARY_RECORDER_FAULTS: `${fault.point}:${fault.count}` });
      const mend = async (): Promise<void> => {
        // A point that this run does not pass any more is no fault: the next start is a plain one.
        await Promise.race([recorder.exited(), seconds(20)]);
        await recorder.end('SIGKILL');
        recorder.start();
      };
      return struck({ atMs, moves: false, mend });
    }
    case 'stop-trainer': {
      const { worker, pid } = await trainingWorker(ground, fault.worker);
      process.kill(pid, 'SIGSTOP');
      const mend = async (): Promise<void> => {
        await seconds(fault.stoppedS);
        goOn(pid);
      };
      return struck({ moves: true, note: other(fault.worker, worker), mend });
    }
    case 'stop-worker': {
      const { worker, pid } = await trainingWorker(ground, fault.worker);
      const agent = processOf(stack, worker).pid;
      const family = agent === null ? [pid] : [agent, ...childrenOf(agent).map((child) => child.pid)];
      for (const each of family) process.kill(each, 'SIGSTOP');
      const mend = async (): Promise<void> => {
        await seconds(fault.stoppedS);
        for (const each of family) goOn(each);
      };
      return struck({ moves: fault.stoppedS > 8, note: other(fault.worker, worker), mend });
    }
    case 'restart-server': {
      const atMs = performance.now();
      await stack.servers.end(fault.server, fault.signal);
      const mend = async (): Promise<void> => {
        await seconds(fault.awayS);
        await stack.servers.start(fault.server);
      };
      return struck({ atMs, moves: false, mend });
    }
    case 'cut-network': {
      const moves = fault.cutS > 8 && (await membersOf(ground)).includes(fault.worker);
      stack.far?.cut();
      const mend = async (): Promise<void> => {
        await seconds(fault.cutS);
        stack.far?.heal();
      };
      return struck({ moves, mend });
    }
    case 'corrupt-checkpoint': {
      const note = await corruptNewest(ground, fault.damage);
      const atMs = performance.now();
      await Promise.all([...stack.workers.values()].map((agent) => agent.end('SIGKILL')));
      for (const worker of stack.workers.keys()) await rm(stack.snapshotsOf(worker), { recursive: true, force: true });
      const mend = async (): Promise<void> => {
        await seconds(fault.awayS);
        await Promise.all([...stack.workers.keys()].map((worker) => stack.startWorker(worker)));
      };
      return struck({ atMs, moves: true, note, mend });
    }
    case 'repeat-messages': {
      const count = await ground.capture.repeat(fault.late);
      return struck({ moves: false, note: `${count} messages` });
    }
    case 'clock-jump': {
      const { name, pid } = await clockOf(ground, fault.process);
      await stack.jumpClock(pid, fault.hours);
      return struck({ moves: false, note: other(fault.process, name) });
    }
  }

  async function trainerPoint(
    { worker: wanted, point, count }: Extract<Fault, { kind: 'trainer-point' }>,
    within: StrikeGround,
  ): Promise<StruckFault> {
    const { worker } = await trainingWorker(within, wanted);
    // A trainer learns of its point at its start: its agent is started with it, for the first trainer alone.
    await processOf(stack, worker).end('SIGKILL');
    const began = performance.now();
    await stack.startWorker(worker, { TRIBUTARY_TRAINER_FAULTS: `${point}:${count}` });
    if (point === 'ending') return struck({ atMs: began, moves: true, note: 'to die at the end' });
    let doomed = stack.trainerOf(worker);
    const limit = performance.now() + 40_000;
    while ((doomed === null || alive(doomed)) && performance.now() < limit) {
      signal.throwIfAborted();
      await delay(10);
      doomed ??= stack.trainerOf(worker);
    }
    const passed = doomed !== null && !alive(doomed);
    return struck({ moves: passed, note: passed ? other(wanted, worker) : `${point} was not passed` });
  }
}

function struck(known: Partial<StruckFault> & Pick<StruckFault, 'moves'>): StruckFault {
  return { atMs: performance.now(), note: null, mend: nothing, ...known };
}

const other = (wanted: string, struckOne: string): string | null => (wanted === struckOne ? null : `on ${struckOne}`);

function processOf(stack: ChaosStack, worker: string) {
  const found = stack.workers.get(worker);
  if (found === undefined) throw new Error(`there is no worker ${worker}`);
  return found;
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function goOn(pid: number): void {
  if (alive(pid)) process.kill(pid, 'SIGCONT');
}

/** Who hosts lanes of the run now, by its generation's document. */
async function membersOf({ stack, run }: StrikeGround): Promise<string[]> {
  const bucket = await new Kvm(stack.connection).open(natsNames(stack.servers.namespace).generationsBucket);
  const entry = await bucket.get(run);
  return entry === null ? [] : entry.json<GenerationDocument>().members.map(({ worker }) => worker as string);
}

/** The wanted worker if it trains, else another that does. */
async function trainingWorker(ground: StrikeGround, wanted: string): Promise<{ worker: string; pid: number }> {
  const { stack, signal } = ground;
  for (;;) {
    const members = await membersOf(ground);
    for (const worker of [wanted, ...members]) {
      const pid = members.includes(worker) ? stack.trainerOf(worker) : null;
      if (pid !== null) return { worker, pid };
    }
    signal.throwIfAborted();
    await delay(100);
  }
}

async function clockOf(ground: StrikeGround, name: string): Promise<{ name: string; pid: number }> {
  const { stack } = ground;
  const control = Object.values(stack.services).find((service) => service.name === name);
  const agent = stack.workers.get(name);
  const pid = control?.pid ?? agent?.pid ?? null;
  if (pid !== null) return { name, pid };
  const { worker, pid: trainer } = await trainingWorker(ground, name.slice(name.lastIndexOf(' ') + 1));
  return { name: `trainer of ${worker}`, pid: trainer };
}

/** Damages one file of the newest committed checkpoint, behind the back of whoever stored it. */
async function corruptNewest({ stack, run }: StrikeGround, damage: Damage): Promise<string> {
  const row = await stack.db
    .selectFrom('checkpoints')
    .select(['step', 'manifest'])
    .where('run', '=', run)
    .where('deletedAt', 'is', null)
    .orderBy('step', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) return 'there was no checkpoint yet';
  const manifest: CheckpointManifest = row.manifest;
  const part = manifest.parts.at(-1);
  if (part === undefined) return 'the checkpoint has no parts';
  const objects = await natsStore(stack.connection, natsNames(stack.servers.namespace).objectsBucket);
  if (damage === 'deleted') await objects.delete(part.key);
  else {
    const bytes = Uint8Array.from(await objects.get(part.key));
    const middle = bytes.length >> 1;
    bytes[middle] = (bytes[middle] as number) ^ 1;
    await objects.put(part.key, damage === 'truncated' ? bytes.slice(0, middle) : bytes);
  }
  return `${part.part} of step ${row.step} ${damage}`;
}

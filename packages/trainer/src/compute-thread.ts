/** Entry of the compute thread: TensorFlow and nothing else. The main thread keeps NATS and the collectives. */
import { parentPort, workerData } from 'node:worker_threads';
import type { RunFile } from '@tributary/config';
import { GraphCache, openBackend } from '@tributary/engine';
import type { SequenceModel } from '@tributary/models';
import { toErrorDocument } from '@tributary/protocol';
import type {
  ComputeReply,
  ComputeRequest,
  Hosting,
  LaneDone,
  NumberedRequest,
  TaskHosting,
  ThreadInit,
} from './compute-messages.js';
import { evaluateTask } from './evaluation.js';
import { LocalTraining } from './local-training.js';
import { modelOf, specOf } from './prepared-model.js';
import { type BatchesDone, graphKinds, shapeLabel, TaskCompute } from './task-compute.js';

const port = parentPort;
if (!port) throw new Error('compute-thread runs as a worker thread');
const init = workerData as ThreadInit;
const done: ComputeReply = { kind: 'done', evaluation: null };

async function start(): Promise<void> {
  const spec = specOf(init.prepared);
  const opened = await openBackend({ prefer: init.backend, device: init.device, threads: init.threads });
  let hosting = 0;
  const reply = (message: ComputeReply): void => port?.postMessage({ hosting, reply: message });
  const backend = new GraphCache(opened, {
    // Validation and test sequences may be longer than any that is trained on: one shape more for each.
    maxGraphs: spec.tasks.length * graphKinds.length * (spec.lengths.buckets + 2),
    onTrace: ({ name: graph, traceMs, held, again }) => reply({ kind: 'traced', graph, traceMs, held, again }),
  });
  const model = modelOf(init.prepared, spec);
  /** Every task that was ever hosted here, with its graphs and data. */
  const known = new Map<string, TaskCompute>();
  let on: Hosting | null = null;
  let local: LocalTraining | null = null;

  /** Between the pieces of a request: the generation may have been given up. */
  const goOn = (): void => {
    if (Atomics.load(init.current, 0) !== hosting) throw new Error(`hosting ${hosting} was given up`);
  };
  const hosted = (): Hosting => {
    if (!on) throw new Error('the compute thread hosts nothing yet');
    return on;
  };
  const taskNamed = (name: string): TaskCompute => {
    const task = known.get(name);
    if (!task) throw new Error(`task "${name}" is not hosted here`);
    return task;
  };
  const taskOf = (lane: number): TaskCompute =>
    taskNamed(hosted().lanes.find((candidate) => candidate.lane === lane)?.task ?? `of lane ${lane}`);
  const host = ({ splits, ...hosting }: TaskHosting): ComputeReply => {
    on = hosting;
    for (const task of known.values()) task.host(hosting);
    for (const { task } of hosting.lanes)
      if (!known.has(task))
        known.set(task, new TaskCompute(task, { prepared: init.prepared, splits, ...hosting }, spec, model, backend));
    local = localTraining(hosting, spec, model);
    return { kind: 'hosted', moments: local?.moments ?? null };
  };
  const warmUp = (): void => {
    const tasks = [...new Set(hosted().lanes.map(({ task }) => task))].map(taskNamed);
    const total = tasks.reduce((sum, task) => sum + task.shapes.length, 0);
    let ready = 0;
    for (const task of tasks) {
      for (const shape of task.shapes) {
        goOn();
        reply({ kind: 'warming', done: ready, total, graph: `${task.name} ${shapeLabel(shape)}` });
        task.trainStep(shape);
        ready += 1;
      }
    }
    reply({ kind: 'warming', done: ready, total, graph: '' });
  };

  const perform = async (request: ComputeRequest): Promise<ComputeReply> => {
    const { shared } = hosted();
    switch (request.kind) {
      case 'warm-up':
        warmUp();
        return done;
      case 'seek':
        taskOf(request.lane).seek(request.lane, request.cursor);
        return done;
      case 'step':
        for (const share of request.lanes) {
          goOn();
          const task = taskOf(share.lane);
          const at = { shared: shared[request.buffers.shared], task: task.parameters(request.buffers) };
          reply({ kind: 'lane', done: await task.trainLane(share, request.step, at) });
        }
        return done;
      case 'round':
        if (!local) throw new Error('the lanes of this run do not train by themselves');
        for (const share of request.lanes) {
          const { lane } = share;
          const task = taskOf(lane);
          const from = { shared: shared[request.buffers.shared], task: task.parameters(request.buffers) };
          const onStep = ({ loss }: BatchesDone): void => {
            goOn();
            reply({ kind: 'inner', lane, loss });
          };
          const laneDone: LaneDone = await local.train(share, request.round, task, from, onStep);
          reply({ kind: 'lane', done: laneDone });
        }
        return done;
      case 'evaluate': {
        const task = taskNamed(request.task);
        const evaluation = await evaluateTask({
          task,
          split: request.split,
          parameters: { shared: shared[request.buffers.shared], task: task.parameters(request.buffers) },
          limit: request.limit,
          samples: request.samples,
          onProgress: () => {
            goOn();
            reply({ kind: 'progress' });
          },
        });
        return { kind: 'done', evaluation };
      }
    }
  };

  // One request after the other: what was given up has ended before the next hosting begins.
  let queue = Promise.resolve();
  port?.on('message', ({ hosting: of, request }: NumberedRequest) => {
    queue = queue.then(async () => {
      hosting = of;
      try {
        reply(request.kind === 'host' ? host(request.on) : await perform(request));
      } catch (error) {
        reply({ kind: 'failed', ...toErrorDocument(error) });
      }
    });
  });
  const { version, device, notice } = backend;
  reply({ kind: 'ready', backend: version, device, notice });
}

/** Null where lanes do not train by themselves. */
function localTraining({ lanes }: Hosting, spec: RunFile, model: SequenceModel): LocalTraining | null {
  if (spec.sync.strategy !== 'diloco') return null;
  return new LocalTraining({
    lanes,
    sharedLayout: model.sharedLayout,
    taskLayout: (task) => model.task(task).layout,
    optimizer: [spec.optimizer, spec.schedule, spec.budget.steps],
    steps: spec.sync.innerSteps,
    clipNorm: spec.clip?.globalNorm ?? null,
  });
}

start().catch((error: unknown) =>
  port.postMessage({ hosting: 0, reply: { kind: 'failed', ...toErrorDocument(error) } satisfies ComputeReply }),
);

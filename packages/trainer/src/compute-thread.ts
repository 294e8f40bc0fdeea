/** Entry of the compute thread: TensorFlow and nothing else. The main thread keeps NATS and the collectives. */
import { parentPort, workerData } from 'node:worker_threads';
import type { RunFile } from '@tributary/config';
import { GraphCache, openBackend } from '@tributary/engine';
import type { SequenceModel } from '@tributary/models';
import { toErrorDocument } from '@tributary/protocol';
import type { ComputeInit, ComputeReply, ComputeRequest } from './compute-messages.js';
import { evaluateTask } from './evaluation.js';
import { LocalTraining } from './local-training.js';
import { modelOf, specOf } from './prepared-model.js';
import { type BatchesDone, graphKinds, shapeLabel, TaskCompute } from './task-compute.js';

const port = parentPort;
if (!port) throw new Error('compute-thread runs as a worker thread');
const init = workerData as ComputeInit;
const reply = (message: ComputeReply): void => port.postMessage(message);

async function start(): Promise<void> {
  const spec = specOf(init.prepared);
  const hosted = new Set(init.lanes.map(({ task }) => task)).size;
  const opened = await openBackend({ prefer: init.backend, device: init.device, threads: init.threads });
  const backend = new GraphCache(opened, {
    // Validation and test sequences may be longer than any that is trained on: one shape more for each.
    maxGraphs: hosted * graphKinds.length * (spec.lengths.buckets + 2),
    onTrace: ({ name: graph, traceMs, held, again }) => reply({ kind: 'traced', graph, traceMs, held, again }),
  });
  const model = modelOf(init.prepared, spec);
  const { shared } = init;
  const tasks = new Map<string, TaskCompute>();
  for (const { task } of init.lanes) {
    if (!tasks.has(task)) tasks.set(task, new TaskCompute(task, init, spec, model, backend));
  }
  const taskOfLane = new Map(init.lanes.map(({ lane, task }) => [lane as number, tasks.get(task) as TaskCompute]));
  const local = localTraining(spec, model);

  const perform = async (request: ComputeRequest): Promise<ComputeReply> => {
    switch (request.kind) {
      case 'warm-up': {
        const total = [...tasks.values()].reduce((sum, task) => sum + task.shapes.length, 0);
        let done = 0;
        for (const task of tasks.values()) {
          for (const shape of task.shapes) {
            reply({ kind: 'warming', done, total, graph: `${task.name} ${shapeLabel(shape)}` });
            task.trainStep(shape);
            done += 1;
          }
        }
        reply({ kind: 'warming', done, total, graph: '' });
        return { kind: 'done', evaluation: null };
      }
      case 'seek':
        taskOfLane.get(request.lane)?.seek(request.lane, request.cursor);
        return { kind: 'done', evaluation: null };
      case 'step':
        for (const share of request.lanes) {
          const task = taskOfLane.get(share.lane) as TaskCompute;
          const at = { shared: shared[request.buffers.shared], task: task.parameters(request.buffers) };
          reply({ kind: 'lane', done: await task.trainLane(share, request.step, at) });
        }
        return { kind: 'done', evaluation: null };
      case 'round':
        if (!local) throw new Error('the lanes of this run do not train by themselves');
        for (const share of request.lanes) {
          const { lane } = share;
          const task = taskOfLane.get(lane) as TaskCompute;
          const from = { shared: shared[request.buffers.shared], task: task.parameters(request.buffers) };
          const onStep = ({ loss }: BatchesDone): void => reply({ kind: 'inner', lane, loss });
          reply({ kind: 'lane', done: await local.train(share, request.round, task, from, onStep) });
        }
        return { kind: 'done', evaluation: null };
      case 'evaluate': {
        const task = tasks.get(request.task) as TaskCompute;
        const evaluation = await evaluateTask({
          task,
          split: request.split,
          parameters: { shared: shared[request.buffers.shared], task: task.parameters(request.buffers) },
          limit: request.limit,
          samples: request.samples,
          onProgress: () => reply({ kind: 'progress' }),
        });
        return { kind: 'done', evaluation };
      }
    }
  };

  port?.on('message', (request: ComputeRequest) => {
    perform(request).then(reply, (error: unknown) => reply({ kind: 'failed', ...toErrorDocument(error) }));
  });
  const { version, device, notice } = backend;
  reply({ kind: 'ready', backend: version, device, notice, moments: local?.moments ?? null });
}

/** Null where lanes do not train by themselves. */
function localTraining(spec: RunFile, model: SequenceModel): LocalTraining | null {
  if (spec.sync.strategy !== 'diloco') return null;
  return new LocalTraining({
    lanes: init.lanes,
    sharedLayout: model.sharedLayout,
    taskLayout: (task) => model.task(task).layout,
    optimizer: [spec.optimizer, spec.schedule, spec.budget.steps],
    steps: spec.sync.innerSteps,
    clipNorm: spec.clip?.globalNorm ?? null,
  });
}

start().catch((error: unknown) => reply({ kind: 'failed', ...toErrorDocument(error) }));

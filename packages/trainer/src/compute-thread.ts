/** Entry of the compute thread: TensorFlow and nothing else. The main thread keeps NATS and the collectives. */
import { parentPort, workerData } from 'node:worker_threads';
import { GraphCache, openBackend } from '@tributary/engine';
import { toErrorDocument } from '@tributary/protocol';
import type { ComputeInit, ComputeReply, ComputeRequest } from './compute-messages.js';
import { evaluateTask } from './evaluation.js';
import { modelOf, specOf } from './prepared-model.js';
import { graphKinds, shapeLabel, TaskCompute } from './task-compute.js';

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
        for (const { lane } of init.lanes) {
          const task = taskOfLane.get(lane) as TaskCompute;
          const done = await task.trainLane(lane, request.step, shared[request.buffer], request.buffer);
          reply({ kind: 'lane', done });
        }
        return { kind: 'done', evaluation: null };
      case 'evaluate': {
        const task = tasks.get(request.task) as TaskCompute;
        const evaluation = await evaluateTask({
          task,
          split: request.split,
          shared: shared[request.buffer],
          buffer: request.buffer,
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
  reply({ kind: 'ready', backend: backend.version, device: backend.device, notice: backend.notice });
}

start().catch((error: unknown) => reply({ kind: 'failed', ...toErrorDocument(error) }));

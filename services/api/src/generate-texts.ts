import { NoRespondersError, RequestError, TimeoutError } from '@nats-io/transport-node';
import {
  checkpointKey,
  type ErrorCode,
  errorCodes,
  type GenerateReply,
  type GenerateReplyDocument,
  type GenerateRequest,
  isResting,
  type ModelDocument,
  natsNames,
  TributaryError,
} from '@tributary/protocol';
import { listCheckpoints, requireRun, tasksOf } from '@tributary/run-store';
import type { ApiDeps } from './api-deps.js';

export type GenerateInput = Pick<GenerateRequest, 'run' | 'task' | 'sources' | 'options'>;

/**
 * The newest committed checkpoint of a run, and what it is read with.
 * @throws TributaryError `RUN_NOT_FOUND`, `CHECKPOINT_NOT_FOUND`
 */
export async function newestModel(run: string, { db }: Pick<ApiDeps, 'db'>): Promise<ModelDocument> {
  const row = await requireRun(db, run);
  const [newest] = await listCheckpoints(db, run);
  if (newest === undefined || row.preparedKey === null)
    throw new TributaryError(
      'CHECKPOINT_NOT_FOUND',
      `Run ${run} (${row.state}) has no checkpoint yet; it writes one every ${row.spec.checkpoints.every} steps. ${isResting(row.state) ? `Go on with it: npx tributary resume ${run}` : `Follow it with: npx tributary watch ${run}`}`,
    );
  return { run, step: newest.step, preparedKey: row.preparedKey, checkpointKey: checkpointKey(run, newest.step) };
}

/**
 * Has a worker generate with the newest committed checkpoint of a run.
 * @throws TributaryError `RUN_NOT_FOUND`, `TASK_NOT_FOUND`, `CHECKPOINT_NOT_FOUND`, `NO_WORKERS`
 */
export async function generateTexts(
  input: GenerateInput,
  options: { readonly namespace: string; readonly timeoutMs: number },
  { db, nats }: Pick<ApiDeps, 'db' | 'nats'>,
): Promise<GenerateReplyDocument> {
  const { run, task } = input;
  await requireRun(db, run);
  const tasks = (await tasksOf(db, run)).map((each) => each.task);
  if (!tasks.includes(task))
    throw new TributaryError('TASK_NOT_FOUND', `Run ${run} has no task "${task}"; it has: ${tasks.join(', ')}.`);
  const { preparedKey, checkpointKey: key } = await newestModel(run, { db });
  const request: GenerateRequest = { ...input, preparedKey, checkpointKey: key };
  const reply = await ask(request, options, nats);
  if (!reply.ok) throw new TributaryError(knownCode(reply.code), reply.message);
  return { run, task, step: reply.step, worker: reply.worker, outputs: [...reply.outputs] };
}

async function ask(
  request: GenerateRequest,
  { namespace, timeoutMs }: { readonly namespace: string; readonly timeoutMs: number },
  nats: ApiDeps['nats'],
): Promise<GenerateReply> {
  try {
    const message = await nats.request(natsNames(namespace).generate, JSON.stringify(request), { timeout: timeoutMs });
    return message.json<GenerateReply>();
  } catch (cause) {
    const nobody = cause instanceof NoRespondersError || (cause instanceof RequestError && cause.isNoResponders());
    if (nobody)
      throw new TributaryError('NO_WORKERS', 'No worker is up to generate; start some with: npx tributary up', {
        cause,
      });
    if (cause instanceof TimeoutError || cause instanceof RequestError)
      throw new TributaryError(
        'SERVER_FAILED',
        `No worker answered within ${timeoutMs / 1000} s; give fewer texts at once, or look at: npx tributary workers`,
        { cause },
      );
    throw cause;
  }
}

function knownCode(code: string): ErrorCode {
  return errorCodes.find((known) => known === code) ?? 'INTERNAL';
}

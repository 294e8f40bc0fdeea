import { type Client, WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client';
import type { SignalDefinition } from '@temporalio/common';
import { type RunId, TributaryError } from '@tributary/protocol';
import { trainingRun } from '@tributary/workflows';

/** How long Temporal may take to answer one request. */
const answerMs = 5_000;
/** How long the execution of the attempt before may take to close once its run is at rest. */
const closingMs = 15_000;

/** @throws TributaryError `SERVER_FAILED` where Temporal does not answer: asked before anything is written */
export async function requireTemporal(temporal: Client): Promise<void> {
  await answered(temporal, () => temporal.workflowService.getSystemInfo({}));
}

/**
 * Starts the workflow of an attempt; its id is the run's.
 * @throws TributaryError `SERVER_FAILED`
 */
export async function startTrainingRun(
  temporal: Client,
  { run, attempt, taskQueue }: { readonly run: RunId; readonly attempt: number; readonly taskQueue: string },
): Promise<void> {
  const start = () =>
    answered(temporal, () =>
      temporal.workflow.start(trainingRun, {
        workflowId: run,
        taskQueue,
        args: [{ run, attempt }],
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        workflowIdConflictPolicy: 'FAIL',
      }),
    );
  try {
    await start();
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    // The attempt before has set its run to rest and is about to close.
    await temporal
      .withDeadline(Date.now() + closingMs, () => temporal.workflow.getHandle(run).result())
      .catch(() => undefined);
    await start();
  }
}

/** @returns false where Temporal knows no open workflow of this run */
export async function signalRun<Args extends unknown[]>(
  temporal: Client,
  run: string,
  signal: SignalDefinition<Args>,
  ...args: Args
): Promise<boolean> {
  try {
    await answered(temporal, () => temporal.workflow.getHandle(run).signal(signal, ...args));
    return true;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

async function answered<T>(temporal: Client, request: () => Promise<T>): Promise<T> {
  try {
    return await temporal.withDeadline(Date.now() + answerMs, request);
  } catch (cause) {
    if (cause instanceof WorkflowExecutionAlreadyStartedError || cause instanceof WorkflowNotFoundError) throw cause;
    throw new TributaryError(
      'SERVER_FAILED',
      'Temporal does not answer, so no run can start, stop or change; look at it with: npx tributary status',
      { cause },
    );
  }
}

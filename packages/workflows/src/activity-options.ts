import { ActivityCancellationType, type ActivityOptions } from '@temporalio/workflow';

/** Infrastructure comes back: an attempt that failed for it is made again without limit. */
const untilItSucceeds = { initialInterval: '200 ms', backoffCoefficient: 2, maximumInterval: '10 seconds' } as const;

/** Activities that end by themselves soon. */
export const shortActivity: ActivityOptions = {
  startToCloseTimeout: '1 minute',
  retry: untilItSucceeds,
};

/** Activities that last as long as training, data or a queue do; a lost orchestrator is noticed by missing heartbeats. */
export const longActivity: ActivityOptions = {
  startToCloseTimeout: '3650 days',
  heartbeatTimeout: '10 seconds',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: untilItSucceeds,
};

/** Activities that compute for a while between two heartbeats. */
export const computingActivity: ActivityOptions = { ...longActivity, heartbeatTimeout: '2 minutes' };

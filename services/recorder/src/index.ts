export { CheckpointCommitter, type CheckpointCommitterDeps } from './checkpoint-committer.js';
export { type RecorderEnvironment, readEnvironment } from './environment.js';
export {
  type PassRecorderFaultPoint,
  passRecorderFaults,
  type RecorderFaultPoint,
  recorderFaultPoints,
} from './fault-points.js';
export { Recorder, type RecorderDeps, type RecorderOptions } from './recorder.js';
export { recordsConsumerName } from './records-consumer.js';

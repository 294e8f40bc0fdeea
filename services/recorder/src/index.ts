export { CheckpointCommitter, type CheckpointCommitterDeps } from './checkpoint-committer.js';
export { type RecorderEnvironment, readEnvironment } from './environment.js';
export { type FaultPoint, faultPointNames, faultPoints, type PassFaultPoint } from './fault-points.js';
export { Recorder, type RecorderDeps, type RecorderOptions } from './recorder.js';
export { recordsConsumerName } from './records-consumer.js';

export { type BaseEnvironment, baseEnvironment, type NatsAccess } from './base-environment.js';
export { connectNats } from './connect-nats.js';
export { type FaultPoint, parseFaultPoints, passFaultPoints } from './fault-points.js';
export { repeatedly } from './repeatedly.js';
export { runMain } from './run-main.js';
export { type Termination, termination } from './termination.js';
export { type UntilThereOptions, untilThere } from './until-there.js';
export { type Variables, variablesOf } from './variables.js';

export { blockCount, type FlatLayout, flatLayout, type ParameterEntry, viewOf } from './flat-layout.js';
export { decayedRanges, type ElementRange } from './weight-decay.js';

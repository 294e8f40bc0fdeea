export { blockCount, type FlatLayout, flatLayout, type ParameterEntry, viewOf } from './flat-layout.js';

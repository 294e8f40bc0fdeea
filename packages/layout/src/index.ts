export {
  blockCount,
  type DeclaredParameter,
  type FlatLayout,
  flatLayout,
  type GroupBlocks,
  groupBlocks,
  type LayoutGroup,
  type ParameterEntry,
  viewOf,
} from './flat-layout.js';
export { decayedRanges, type ElementRange } from './weight-decay.js';

export { formatCosine, mostConflictingFirst } from './conflict-order.js';
export { formatBytes, formatCount, formatDuration, formatSeconds, formatShare, formatTime } from './quantities.js';
export { formatResult, resultOrder } from './results.js';
export { type ProgressView, RunProgress } from './run-progress.js';

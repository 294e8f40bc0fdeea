import type { ProgressView } from '@tributary/presentation';
import { formatCount, formatDuration, printable } from './quantities.js';

export { type ProgressView, RunProgress } from '@tributary/presentation';

/** `412/1500  27%  pronounce 1.234  spell 0.987  12.3k tokens/s  ETA 2m10s` */
export function progressLine(view: ProgressView): string {
  const percent = view.targetSteps > 0 ? Math.floor((100 * view.step) / view.targetSteps) : 0;
  const losses = [...view.losses].map(([task, loss]) => `${task} ${loss.toFixed(3)}`);
  const speed = view.tokensPerSecond > 0 ? [`${formatCount(view.tokensPerSecond)} tokens/s`] : [];
  const phase = view.phase === 'training' ? [] : [phaseText(view)];
  const arrival = view.remainingMs === null || phase.length > 0 ? [] : [`ETA ${formatDuration(view.remainingMs)}`];
  return [`${view.step}/${view.targetSteps}`, `${percent}%`, ...losses, ...speed, ...phase, ...arrival].join('  ');
}

/** `tracing 3/12 graphs (spell 64x12x10)` */
function phaseText({ phase, tracing }: ProgressView): string {
  if (tracing === null) return phase;
  const next = tracing.graph === '' ? '' : ` (${printable(tracing.graph)})`;
  return `${phase} ${tracing.done}/${tracing.total} graphs${next}`;
}

/** `Backend: TensorFlow 2.21.0 on cpu, traced; 3 workers` */
export function backendLine(view: ProgressView): string {
  return `Backend: ${view.backend}; ${view.members} ${view.members === 1 ? 'worker' : 'workers'}`;
}

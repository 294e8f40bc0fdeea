import { type RandomStream, randomStream, shuffle } from '@tributary/random';
import type { Damage, Fault, FaultKind, KillSignal, Server, Service, Strike } from './fault.js';

/** What a schedule may draw from. */
export interface Ground {
  readonly workers: readonly string[];
  /** The worker behind a network that can be cut; null where there is none. */
  readonly farWorker: string | null;
  readonly trainerPoints: readonly string[];
  readonly recorderPoints: readonly string[];
}

export interface ScheduleOptions {
  readonly seed: number;
  /** Which run of the seed: each has a schedule of its own. */
  readonly run: number;
  readonly faults: number;
  readonly steps: number;
  /** Draw from these kinds only. */
  readonly kinds?: readonly FaultKind[];
}

const services: readonly Service[] = ['orchestrator', 'recorder', 'api'];
const servers: readonly Server[] = ['nats', 'temporal', 'postgres'];
const damages: readonly Damage[] = ['bit-flipped', 'truncated', 'deleted'];

/** Draws of a kind; a kind that this ground does not allow is left out. */
const draws: { readonly [Kind in FaultKind]: (draw: Draw, ground: Ground) => Extract<Fault, { kind: Kind }> | null } = {
  'kill-trainer': (draw, { workers }) => ({ kind: 'kill-trainer', worker: draw.of(workers) }),
  'trainer-point': (draw, { workers, trainerPoints }) => {
    if (trainerPoints.length === 0) return null;
    const [worker, point, count] = [draw.of(workers), draw.of(trainerPoints), 1 + draw.below(3)];
    // A trainer ends once.
    return { kind: 'trainer-point', worker, point, count: point === 'ending' ? 1 : count };
  },
  'kill-agent': (draw, { workers }) => ({
    kind: 'kill-agent',
    worker: draw.of(workers),
    awayS: draw.either(draw.between(0.2, 2), draw.between(9, 12)),
  }),
  'drain-agent': (draw, { workers }) => ({
    kind: 'drain-agent',
    worker: draw.of(workers),
    awayS: draw.between(0.2, 2),
  }),
  'kill-service': (draw) => ({ kind: 'kill-service', service: draw.of(services), awayS: draw.between(0, 4) }),
  'recorder-point': (draw, { recorderPoints }) =>
    recorderPoints.length === 0
      ? null
      : { kind: 'recorder-point', point: draw.of(recorderPoints), count: 1 + draw.below(3) },
  'stop-trainer': (draw, { workers }) => ({
    kind: 'stop-trainer',
    worker: draw.of(workers),
    stoppedS: draw.between(12, 16),
  }),
  'stop-worker': (draw, { workers }) => ({
    kind: 'stop-worker',
    worker: draw.of(workers),
    stoppedS: draw.either(draw.between(1, 5), draw.between(10, 14)),
  }),
  'restart-server': (draw) => ({
    kind: 'restart-server',
    server: draw.of(servers),
    signal: draw.of<KillSignal>(['SIGKILL', 'SIGTERM']),
    awayS: draw.between(0.5, 8),
  }),
  'cut-network': (draw, { farWorker }) =>
    farWorker === null
      ? null
      : {
          kind: 'cut-network',
          worker: farWorker,
          cutS: draw.either(draw.between(1, 5), draw.between(10, 14)),
        },
  'corrupt-checkpoint': (draw) => ({
    kind: 'corrupt-checkpoint',
    damage: draw.of(damages),
    awayS: draw.between(0.2, 2),
  }),
  'repeat-messages': (draw) => ({ kind: 'repeat-messages', late: draw.below(2) === 1 }),
  'clock-jump': (draw, { workers }) => ({
    kind: 'clock-jump',
    process: draw.of([...services, ...workers, ...workers.map((worker) => `trainer of ${worker}`)]),
    hours: draw.of([-30, -3, 3, 30]),
  }),
};

/** Kinds by how often they are drawn; what the issue asks for by name, and a loss of a trainer most. */
const deck: readonly FaultKind[] = [
  'kill-trainer',
  'kill-trainer',
  'trainer-point',
  'trainer-point',
  'kill-agent',
  'kill-service',
  'kill-service',
  'recorder-point',
  'stop-trainer',
  'stop-worker',
  'restart-server',
  'restart-server',
  'cut-network',
  'corrupt-checkpoint',
  'repeat-messages',
  'repeat-messages',
  'clock-jump',
  'drain-agent',
];

/**
 * The faults of one run, by the seed alone: the same seed and ground give the same schedule. Kinds are dealt from a shuffled
 * deck, so that few are drawn twice before all were drawn; steps lie one to each of equal stretches of the run.
 */
export function planStrikes(options: ScheduleOptions, ground: Ground): Strike[] {
  const { seed, run, faults, steps } = options;
  const draw = new Draw(randomStream(seed, 'chaos', run));
  const allowed = (kind: FaultKind): boolean =>
    (options.kinds?.includes(kind) ?? true) && draws[kind](new Draw(randomStream(0, 'allowed')), ground) !== null;
  const cards = deck.filter(allowed);
  if (cards.length === 0) throw new Error('none of these kinds of fault is possible here');
  let hand: FaultKind[] = [];
  // The first tenth is left for the start, the last for what recovery must do before the end.
  const stretch = (steps * 0.8) / faults;
  return Array.from({ length: faults }, (_, index) => {
    if (hand.length === 0) hand = draw.shuffled(cards);
    const kind = hand.pop() as FaultKind;
    const fault = draws[kind](draw, ground) as Fault;
    const step = Math.floor(steps * 0.1 + stretch * (index + draw.between(0, 0.6)));
    return { step: Math.max(1, step), delayMs: Math.round(draw.between(0, 400)), fault };
  });
}

class Draw {
  readonly #stream: RandomStream;
  constructor(stream: RandomStream) {
    this.#stream = stream;
  }
  below(bound: number): number {
    return this.#stream.below(bound);
  }
  of<T>(values: readonly T[]): T {
    return values[this.#stream.below(values.length)] as T;
  }
  either<T>(one: T, other: T): T {
    return this.#stream.below(2) === 0 ? one : other;
  }
  /** Rounded to a hundredth, so that a printed schedule is the whole of it. */
  between(low: number, high: number): number {
    return Math.round((low + (high - low) * this.#stream.uniform()) * 100) / 100;
  }
  shuffled<T>(values: readonly T[]): T[] {
    const copy: unknown[] = [...values];
    shuffle(copy, this.#stream);
    return copy as T[];
  }
}

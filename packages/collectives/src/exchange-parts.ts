import type { VectorArithmetic } from './arithmetic/vector-arithmetic.js';
import type { Codec } from './codecs/codec.js';
import { codecNamed } from './codecs/codec-named.js';
import type { ExchangeOptions } from './exchange-options.js';
import { type ExchangePlan, planExchange } from './exchange-plan.js';
import { GradientStep } from './gradient-step.js';
import { ResidualStore } from './residual-store.js';
import { StepInbox } from './step-inbox.js';
import { StepOutbox } from './step-outbox.js';
import type { Transport } from './transport.js';
import { CountingAllocator, type VectorAllocator } from './vector-allocator.js';
import { type VectorMemory, vectorMemory } from './vector-memory.js';

/** What an exchange is made of. */
export interface ExchangeParts {
  readonly plan: ExchangePlan;
  readonly inbox: StepInbox;
  /** Used in turn: that of the step before still serves slower members. */
  readonly outboxes: readonly [StepOutbox, StepOutbox];
  readonly step: GradientStep;
  readonly residuals: ResidualStore | null;
}

const defaultWindowBytes = 24 * 1024 * 1024;

/** Vectors are allocated here and nowhere later. */
export function exchangeParts(options: ExchangeOptions, transport: Transport): ExchangeParts {
  const memory = options.memory ?? vectorMemory(exchangeVectorBytes(options));
  const codec = codecNamed(options.codec, memory);
  const plan = planExchange(options, codec, transport.maxPayloadBytes);
  const parts = assemble(options, plan, { codec, arithmetic: memory.arithmetic, memory, transport });
  if (options.residuals !== undefined) parts.residuals?.restore(options.residuals);
  return parts;
}

/** Most bytes that an exchange with these options takes of a `VectorMemory`, those of the lanes' gradients not included. */
export function exchangeVectorBytes(options: ExchangeOptions): number {
  const counting = new CountingAllocator();
  const none: VectorMemory = vectorMemory(0, 'javascript');
  const codec = codecNamed(options.codec, none);
  // The longest messages: only the room for one chunk depends on them.
  const plan = planExchange(options, codec, Number.MAX_SAFE_INTEGER);
  const transport: Transport = {
    self: options.self,
    size: options.members.length,
    maxPayloadBytes: Number.MAX_SAFE_INTEGER,
    send: () => undefined,
    broadcast: () => undefined,
    onMessage: () => undefined,
    close: () => Promise.resolve(),
  };
  assemble(options, plan, { codec, arithmetic: none.arithmetic, memory: counting, transport });
  return counting.bytesCounted;
}

interface PartsDeps {
  readonly codec: Codec;
  readonly arithmetic: VectorArithmetic;
  readonly memory: VectorAllocator;
  readonly transport: Transport;
}

function assemble(options: ExchangeOptions, plan: ExchangePlan, deps: PartsDeps): ExchangeParts {
  const { codec, arithmetic, memory, transport } = deps;
  const inbox = new StepInbox(plan, options.windowBytes ?? defaultWindowBytes);
  const outbox = (): StepOutbox => new StepOutbox(plan, codec, memory, transport);
  const residuals = codec.feedback ? new ResidualStore(plan, memory) : null;
  const step = new GradientStep(plan, {
    codec,
    arithmetic,
    memory,
    residuals,
    combiner: options.combiner,
    combinerStates: options.combinerState ?? {},
    clipNorm: options.clipNorm,
    inbox,
  });
  return { plan, inbox, outboxes: [outbox(), outbox()], step, residuals };
}

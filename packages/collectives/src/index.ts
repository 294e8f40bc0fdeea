export type { VectorArithmetic } from './arithmetic/vector-arithmetic.js';
export { type Codec, type CodecResidual, codecNamed, type EncodeOptions } from './codecs/codec.js';
export {
  type Combiner,
  type CombinerInput,
  type CombinerOutput,
  type CombinerState,
  weightedCombiner,
} from './combiner.js';
export type {
  BlockGroup,
  CodecName,
  CombinerStates,
  ExchangeCounters,
  ExchangeOptions,
  ExchangePhase,
  GroupMatrix,
  LaneContribution,
  LaneResiduals,
  StepResult,
} from './exchange-options.js';
export { type ExchangeDeps, GradientExchange, type StepExchange } from './gradient-exchange.js';
export { memoryNetwork } from './memory-network.js';
export { type NatsTransportOptions, natsTransport } from './nats-transport.js';
export type { Transport } from './transport.js';
export { type VectorMemory, vectorMemory } from './vector-memory.js';

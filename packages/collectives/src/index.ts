export type { VectorArithmetic } from './arithmetic/vector-arithmetic.js';
export type { Codec, CodecResidual, EncodeOptions } from './codecs/codec.js';
export { codecNamed } from './codecs/codec-named.js';
export type { Combiner, CombinerInput, CombinerOutput, CombinerState } from './combiner.js';
export { type CombinerContext, createCombiner } from './combiners/create-combiner.js';
export { weightedCombiner } from './combiners/weighted.js';
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
export { exchangeVectorBytes } from './exchange-parts.js';
export { type ExchangeDeps, GradientExchange } from './gradient-exchange.js';
export { memoryNetwork } from './memory-network.js';
export type { NatsAccess, NatsSocketState } from './nats-socket/index.js';
export { type NatsTransport, type NatsTransportOptions, natsTransport } from './nats-transport.js';
export type { StepExchange } from './step-exchange.js';
export type { Transport } from './transport.js';
export { type VectorMemory, vectorMemory } from './vector-memory.js';

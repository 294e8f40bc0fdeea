import { exchangeCompliance, faultyNetwork, transportCompliance } from '@tributary/testing';
import { describe, it } from 'vitest';
import type { ExchangeOptions } from './exchange-options.js';
import { GradientExchange } from './gradient-exchange.js';
import { memoryNetwork } from './memory-network.js';
import type { Transport } from './transport.js';

const create = (options: ExchangeOptions, transport: Transport): GradientExchange =>
  new GradientExchange(options, { transport });

describe('memory transport', () => {
  for (const one of transportCompliance(async (size) => memoryNetwork(size))) it(one.name, one.run);
});

describe('exchange over the memory transport', () => {
  for (const one of exchangeCompliance({ open: async (size) => memoryNetwork(size), create })) it(one.name, one.run);
});

describe('exchange with payloads so short that a block takes many chunks', () => {
  const open = async (size: number) => memoryNetwork(size, 5_000);
  for (const one of exchangeCompliance({ open, create })) it(one.name, one.run);
});

describe('exchange over a network that drops, repeats, delays and reorders', () => {
  let seed = 0;
  const faults = { drop: 0.1, duplicate: 0.1, delay: 0.3, longestDelayMs: 20 };
  const open = async (size: number) => faultyNetwork(memoryNetwork(size, 40_000), { ...faults, seed: seed++ });
  for (const one of exchangeCompliance({ open, create })) it(one.name, one.run);
});

import { Registry } from 'prom-client';
import { counter, gauge, histogram, secondsBuckets } from './definitions.js';

/** Metrics of a process that serves a model. It is no part of the stack, so they are not in its catalogue. */
const serving = {
  generateRequestsTotal: counter('generate_requests_total', 'Requests, `answered` or `failed`.', ['task', 'outcome']),
  generateRequestSeconds: histogram(
    'generate_request_seconds',
    'Time from a request to its answer, waiting included.',
    ['task'],
    secondsBuckets(0.001, 100),
  ),
  generatedSymbolsTotal: counter('generated_symbols_total', 'Symbols of all outputs.', ['task']),
  generateBatchSources: histogram(
    'generate_batch_sources',
    'Sources of the requests that were computed together.',
    [],
    [1, 2, 4, 8, 16, 32, 64, 128, 256],
  ),
  generateWaitingRequests: gauge('generate_waiting_requests', 'Requests that wait.', []),
} as const;

type Instruments = { readonly [K in keyof typeof serving]: ReturnType<(typeof serving)[K]['create']> };

export type ServingMetrics = Instruments & {
  readonly registry: Registry;
  /** The text of one scrape. */
  scrape(): Promise<string>;
  /** Called before each scrape. */
  onScrape(listener: () => void): void;
};

export function createServingMetrics(registry: Registry = new Registry()): ServingMetrics {
  const instruments = Object.fromEntries(
    Object.entries(serving).map(([key, definition]) => [key, definition.create(registry)]),
  ) as unknown as Instruments;
  const listeners: (() => void)[] = [];
  return {
    ...instruments,
    registry,
    onScrape: (listener) => listeners.push(listener),
    scrape() {
      for (const listener of listeners) listener();
      return registry.metrics();
    },
  };
}

import { type RunState, runStates } from '@tributary/protocol';
import { type Counter, Gauge, Registry } from 'prom-client';
import { type Catalogue, catalogue } from './catalogue.js';

type Instruments = { readonly [K in keyof Catalogue]: ReturnType<Catalogue[K]['create']> };

/** What a trainer tells of one step. */
export interface ObservedStep {
  readonly run: string;
  readonly experiment: string;
  readonly step: number;
  readonly seconds: number;
  /** Of it, time in which batches were gathered. */
  readonly dataSeconds: number;
  /** Phase of the gradient exchange → milliseconds. */
  readonly phasesMs: Readonly<Record<string, number>>;
  /** Between the last contribution and the result. */
  readonly exposedMs: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly codec: string;
  /** One entry for each lane hosted here that took part. */
  readonly tasks: readonly {
    readonly task: string;
    readonly loss: number;
    readonly tokens: number;
    readonly samples: number;
  }[];
}

/** Scrapes that still see a run's series after it has ended. */
const scrapesAfterEnd = 2;

/** The catalogue's instruments on one registry of their own, each under its name in camel case. */
export type Metrics = Instruments & {
  readonly registry: Registry;
  /** Everything that a step changes, but what the whole run has once. */
  observeStep(step: ObservedStep): void;
  /** 1 for this state, 0 for the others. */
  setRunState(run: string, state: RunState): void;
  /** Removes every series of a run now. */
  removeRun(run: string): Promise<void>;
  /** Removes a run's gauges, which another process may set now; counters stay. */
  dropGauges(run: string): Promise<void>;
  /** Removes a run's series once Prometheus has seen its end: after two more scrapes. */
  retireRun(run: string): void;
  /** Takes back {@link Metrics.retireRun}: the run goes on. */
  keepRun(run: string): void;
  /** The text of one scrape. */
  scrape(): Promise<string>;
};

/** Creates every metric of the catalogue on a registry; a process makes one and passes it on. */
export function createMetrics(registry: Registry = new Registry()): Metrics {
  const instruments = Object.fromEntries(
    Object.entries(catalogue).map(([key, definition]) => [key, definition.create(registry)]),
  ) as Instruments;
  const retired = new Map<string, number>();

  /** Of counters and gauges that tell runs apart. */
  async function removeSeries(run: string, from: (instrument: Counter | Gauge) => boolean): Promise<void> {
    for (const [key, definition] of Object.entries(catalogue)) {
      if (!(definition.labels as readonly string[]).includes('run_id')) continue;
      const instrument = instruments[key as keyof Instruments] as unknown as Counter | Gauge;
      if (!from(instrument)) continue;
      for (const { labels } of (await instrument.get()).values) if (labels.run_id === run) instrument.remove(labels);
    }
  }

  async function removeRun(run: string): Promise<void> {
    retired.delete(run);
    await removeSeries(run, () => true);
  }

  return {
    ...instruments,
    registry,
    removeRun,
    dropGauges: (run) => removeSeries(run, (instrument) => instrument instanceof Gauge),
    observeStep(observed) {
      const { run, experiment } = observed;
      instruments.stepDurationSeconds.observe({ experiment }, observed.seconds);
      instruments.dataWaitSeconds.observe({ experiment }, observed.dataSeconds);
      for (const [phase, ms] of Object.entries(observed.phasesMs))
        instruments.syncDurationSeconds.observe({ experiment, phase }, ms / 1_000);
      instruments.syncExposedSeconds.observe({ experiment }, observed.exposedMs / 1_000);
      instruments.syncBytesTotal.inc({ run_id: run, direction: 'sent', codec: observed.codec }, observed.bytesSent);
      instruments.syncBytesTotal.inc(
        { run_id: run, direction: 'received', codec: observed.codec },
        observed.bytesReceived,
      );
      for (const { task, loss, tokens, samples } of observed.tasks) {
        instruments.stepsTotal.inc({ run_id: run, task });
        instruments.tokensTotal.inc({ run_id: run, task }, tokens);
        instruments.samplesTotal.inc({ run_id: run, task }, samples);
        instruments.taskLoss.set({ run_id: run, task, split: 'train' }, loss);
      }
    },
    setRunState(run, state) {
      for (const one of runStates) instruments.runState.set({ run_id: run, state: one }, one === state ? 1 : 0);
    },
    retireRun(run) {
      retired.set(run, scrapesAfterEnd);
    },
    keepRun(run) {
      retired.delete(run);
    },
    async scrape() {
      const text = await registry.metrics();
      for (const [run, left] of retired)
        if (left > 1) retired.set(run, left - 1);
        else await removeRun(run);
      return text;
    },
  };
}

import type { RunEvent } from '@tributary/protocol';
import type { PlotSeries } from '../plots/plot-series.js';

type Progress = Extract<RunEvent, { kind: 'progress' }>;

/** Most points that are kept of a series; recorded ones stand for those before. */
const most = 2_000;

interface Series {
  steps: number[];
  values: number[];
}

/** What a run's members told while this page was open: losses by task, and the speed. */
export class LiveSeries {
  readonly #series = new Map<string, Series>();
  #generation = 0;
  #attempt = 0;

  observe(event: Progress): void {
    if (event.attempt < this.#attempt || (event.attempt === this.#attempt && event.generation < this.#generation))
      return;
    // A later generation does steps again from where it begins: to the same values, so that the first ones may go.
    if (event.attempt !== this.#attempt || event.generation !== this.#generation) this.#cutFrom(event.step);
    this.#attempt = event.attempt;
    this.#generation = event.generation;
    if (event.phase !== 'training') return;
    for (const [task, loss] of Object.entries(event.losses)) this.#add(`${task}.train.loss`, event.step, loss);
    if (event.tokensPerSecond > 0) this.#add('tokens_per_second', event.step, event.tokensPerSecond);
  }

  /** By the metric's name. */
  of(metric: string): PlotSeries | undefined {
    const series = this.#series.get(metric);
    return series === undefined ? undefined : { label: metric, ...series };
  }

  #add(metric: string, step: number, value: number): void {
    let series = this.#series.get(metric);
    if (series === undefined) {
      series = { steps: [], values: [] };
      this.#series.set(metric, series);
    }
    const last = series.steps.at(-1);
    if (last !== undefined && step < last) return;
    if (step === last) {
      series.values[series.values.length - 1] = value;
      return;
    }
    series.steps.push(step);
    series.values.push(value);
    if (series.steps.length > most) {
      series.steps.shift();
      series.values.shift();
    }
  }

  #cutFrom(step: number): void {
    for (const series of this.#series.values()) {
      const first = series.steps.findIndex((each) => each >= step);
      if (first < 0) continue;
      series.steps.length = first;
      series.values.length = first;
    }
  }
}

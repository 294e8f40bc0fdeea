import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Every name in Prometheus begins with it. */
export const metricPrefix = 'tributary_';

/** How one metric is made in a process's own registry. */
export interface Definition<M> {
  readonly name: string;
  readonly labels: readonly string[];
  create(registry: Registry): M;
}

export function counter<const L extends string>(
  name: string,
  help: string,
  labels: readonly L[],
): Definition<Counter<L>> {
  const fullName = metricPrefix + name;
  return {
    name: fullName,
    labels,
    create: (registry) =>
      silent(new Counter({ name: fullName, help, labelNames: [...labels], registers: [registry] }), labels),
  };
}

export function gauge<const L extends string>(name: string, help: string, labels: readonly L[]): Definition<Gauge<L>> {
  const fullName = metricPrefix + name;
  return {
    name: fullName,
    labels,
    create: (registry) =>
      silent(new Gauge({ name: fullName, help, labelNames: [...labels], registers: [registry] }), labels),
  };
}

export function histogram<const L extends string>(
  name: string,
  help: string,
  labels: readonly L[],
  buckets: readonly number[],
): Definition<Histogram<L>> {
  const fullName = metricPrefix + name;
  return {
    name: fullName,
    labels,
    create: (registry) =>
      new Histogram({ name: fullName, help, labelNames: [...labels], buckets: [...buckets], registers: [registry] }),
  };
}

/** prom-client lets a metric without labels begin at 0, in processes too that do not know the fact: here it begins once it is set. */
function silent<M extends { remove(labels: object): void }>(metric: M, labels: readonly string[]): M {
  if (labels.length === 0) metric.remove({});
  return metric;
}

/** Bucket bounds in seconds: 1, 2.5, 5 of each power of ten from `from` to `to`. */
export function secondsBuckets(from: number, to: number): number[] {
  const bounds: number[] = [];
  for (let exponent = Math.round(Math.log10(from)); 10 ** exponent <= to; exponent += 1)
    for (const factor of [1, 2.5, 5]) {
      const bound = Number(`${factor}e${exponent}`);
      if (bound >= from && bound <= to) bounds.push(bound);
    }
  return bounds;
}

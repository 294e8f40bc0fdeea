import { runFileSchema } from '@tributary/config';
import type { Point, RunId } from '@tributary/protocol';
import { randomStream } from '@tributary/random';
import { describe, expect, it } from 'vitest';
import {
  createRun,
  downsampledHistory,
  endsOf,
  fewestPoints,
  type HistoryPoint,
  requireMetric,
  writeRecords,
} from './index.js';
import { testDatabase } from './test-database.fixture.js';

const spec = runFileSchema.parse({
  experiment: 'thin',
  tasks: [{ name: 'spell', data: { source: 'words', kind: 'spell' } }],
  budget: { steps: 1 },
});
const { db } = await testDatabase();
const draws = randomStream(7, 'history');
const uniform = (): number => draws.uniform();
let serial = 0;

async function runWith(points: readonly HistoryPoint[]): Promise<string> {
  serial += 1;
  const run = `thin-${serial}` as RunId;
  await createRun(db, { run, experiment: 'thin', spec, files: {} });
  const recorded: Point[] = points.map((point) => ({ subject: 'task:spell', series: 'train.loss', ...point }));
  const base = { run, attempt: 1, generation: 1, member: 0, kind: 'points', tokens: 0, timings: [] } as const;
  await writeRecords(db, [{ ...base, points: recorded }]);
  return run;
}

const thinned = async (run: string, points: number) =>
  await downsampledHistory(db, await requireMetric(db, run, 'spell.train.loss'), points);

/** Mostly a walk, at steps with gaps, with NaN, infinities and equal values among them. */
function drawnSeries(): HistoryPoint[] {
  const odd = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0];
  const size = 1 + Math.floor(uniform() * 600);
  const share = uniform() < 0.3 ? 0.6 : 0.02;
  let step = Math.floor(uniform() * 1_000);
  let value = 0;
  return Array.from({ length: size }, () => {
    step += uniform() < 0.02 ? 500 : 1 + Math.floor(uniform() * 3);
    value += Math.round((uniform() - 0.5) * 4) / 4;
    const drawn = uniform() < share ? (odd[Math.floor(uniform() * odd.length)] as number) : value;
    return { step, value: drawn };
  });
}

describe('a thinned history', () => {
  it('keeps of each bucket its ends, its extremes and its first NaN, and nothing else', async () => {
    for (let trial = 0; trial < 40; trial += 1) {
      const all = drawnSeries();
      const run = await runWith(all);
      const limit = fewestPoints + Math.floor(uniform() * 120);
      const kept = await thinned(run, limit);
      expect(kept.length).toBeLessThanOrEqual(Math.max(limit, fewestPoints));
      if (all.length <= limit) {
        expect(kept).toStrictEqual(all);
        continue;
      }
      const first = all[0] as HistoryPoint;
      const last = all.at(-1) as HistoryPoint;
      const buckets = Math.floor(limit / fewestPoints);
      const bucketOf = ({ step }: HistoryPoint) =>
        Math.floor(((step - first.step) * buckets) / (last.step - first.step + 1));
      const expected = new Map<number, HistoryPoint>();
      for (let bucket = 0; bucket < buckets; bucket += 1) {
        const own = all.filter((point) => bucketOf(point) === bucket);
        const numbers = own.filter(({ value }) => !Number.isNaN(value));
        const extreme = (better: (a: number, b: number) => boolean) =>
          numbers.reduce<HistoryPoint | undefined>((a, b) => (a && !better(b.value, a.value) ? a : b), undefined);
        for (const point of [
          own[0],
          own.at(-1),
          own.find(({ value }) => Number.isNaN(value)),
          extreme((a, b) => a < b),
          extreme((a, b) => a > b),
        ])
          if (point) expected.set(point.step, point);
      }
      expect(kept).toStrictEqual([...expected.values()].sort((a, b) => a.step - b.step));
      expect(await thinned(run, limit)).toStrictEqual(kept);
    }
  });

  it('of a part of a series reads no more than the part', async () => {
    const run = await runWith(Array.from({ length: 1_000 }, (_, step) => ({ step, value: step })));
    const series = await requireMetric(db, run, 'spell.train.loss');
    const part = { ...series, firstStep: 990, lastStep: 995, count: 6 };
    expect((await downsampledHistory(db, part, 320)).map(({ step }) => step)).toEqual([990, 991, 992, 993, 994, 995]);
  });

  it('does not depend on the order in which points came', async () => {
    const all = Array.from({ length: 500 }, (_, step) => ({ step, value: Math.sin(step / 7) }));
    const run = await runWith(all);
    const other = await runWith(all.toReversed());
    expect(await thinned(other, 50)).toStrictEqual(await thinned(run, 50));
  });

  it('is of the newest generation where steps were timed again', async () => {
    const run = (await runWith([])) as RunId;
    const timing = (generation: number, step: number) =>
      ({ subject: 'run', series: 'step_seconds', generation, step, value: generation * 1_000 + step }) as const;
    const steps = Array.from({ length: 300 }, (_, step) => step);
    const timings = [...steps.map((step) => timing(1, step)), ...steps.slice(100).map((step) => timing(2, step))];
    await writeRecords(db, [
      { run, attempt: 1, generation: 2, member: 0, kind: 'points', tokens: 0, points: [], timings },
    ]);
    const series = await requireMetric(db, run, 'step_seconds');
    const kept = await downsampledHistory(db, series, 10);
    expect(kept.length).toBeLessThanOrEqual(10);
    expect(kept[0]).toEqual({ step: 0, value: 1_000 });
    expect(kept.at(-1)).toEqual({ step: 299, value: 2_299 });
    for (const { step, value } of kept) expect(value).toBe((step < 100 ? 1_000 : 2_000) + step);
    expect(await endsOf(db, series)).toEqual({ first: 1_000, last: 2_299 });
  });

  it('says which metrics there are where one is unknown', async () => {
    const run = await runWith([{ step: 1, value: 1 }]);
    await expect(requireMetric(db, run, 'spell.loss')).rejects.toMatchObject({
      code: 'METRIC_NOT_FOUND',
      message: `Run ${run} has no metric "spell.loss"; it has spell.train.loss.`,
    });
    await expect(requireMetric(db, await runWith([]), 'x')).rejects.toMatchObject({ code: 'METRIC_NOT_FOUND' });
    await expect(requireMetric(db, 'none', 'x')).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
  });
});

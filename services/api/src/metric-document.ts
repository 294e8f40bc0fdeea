import { type HistoryDocument, metricDirection, type RecordedNumber, recordedNumber } from '@tributary/protocol';
import { type Db, downsampledHistory, endsOf, requireMetric } from '@tributary/run-store';

/**
 * A metric's history in at most so many points.
 * @throws TributaryError `RUN_NOT_FOUND`, `METRIC_NOT_FOUND`
 */
export async function metricDocument(db: Db, run: string, metric: string, points: number): Promise<HistoryDocument> {
  const series = await requireMetric(db, run, metric);
  const { kind, count, firstStep, lastStep, min, max } = series;
  const { first, last } = await endsOf(db, series);
  const kept = await downsampledHistory(db, series, points);
  return {
    ...{ run, metric, kind, count, firstStep, lastStep },
    ...{ first: recorded(first), last: recorded(last), min: recorded(min), max: recorded(max) },
    better: metricDirection(metric),
    points: kept.map(({ step, value }) => ({ step, value: recordedNumber(value) })),
  };
}

function recorded(value: number | null): RecordedNumber | null {
  return value === null ? null : recordedNumber(value);
}

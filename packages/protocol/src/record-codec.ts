import type { CheckpointPart } from './checkpoint.js';
import { TributaryError } from './errors.js';
import { isToken, type RunId, type TaskName } from './ids.js';
import type { LedgerStep, Point, PointSubject, RunRecord, SampleRow, StepMatrix, TimingPoint } from './records.js';

/** JSON knows neither NaN nor infinities nor -0: in a record these stand as strings. */
const specialNumbers: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
  '-0': -0,
};

/** A record as it stands on the records stream: UTF-8 JSON that keeps every float64. */
export function encodeRunRecord(record: RunRecord): Uint8Array {
  const text = JSON.stringify(record, (_key, value: unknown) =>
    typeof value !== 'number' || (Number.isFinite(value) && !Object.is(value, -0))
      ? value
      : Object.is(value, -0)
        ? '-0'
        : String(value),
  );
  return new TextEncoder().encode(text);
}

/**
 * Reads a record and checks every field.
 * @throws TributaryError `DATA_INVALID` that names the field
 */
export function decodeRunRecord(bytes: Uint8Array): RunRecord {
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new TributaryError('DATA_INVALID', 'A message on the records stream is not UTF-8 JSON.', { cause });
  }
  const record = object(document, 'record');
  const base = {
    run: token(record.run, 'run') as RunId,
    attempt: count(record.attempt, 'attempt'),
    generation: count(record.generation, 'generation'),
    member: count(record.member, 'member'),
  };
  switch (record.kind) {
    case 'points':
      return {
        ...base,
        kind: 'points',
        points: list(record.points, 'points', point),
        timings: list(record.timings, 'timings', timing),
        tokens: count(record.tokens, 'tokens'),
      };
    case 'matrices':
      return { ...base, kind: 'matrices', matrices: list(record.matrices, 'matrices', matrix) };
    case 'ledger':
      return { ...base, kind: 'ledger', steps: list(record.steps, 'steps', ledgerStep) };
    case 'snapshot':
      return {
        ...base,
        kind: 'snapshot',
        step: count(record.step, 'step'),
        parts: list(record.parts, 'parts', snapshotHash),
      };
    case 'samples':
      return {
        ...base,
        kind: 'samples',
        step: count(record.step, 'step'),
        samples: list(record.samples, 'samples', sample),
      };
    case 'checkpoint-part':
      return { ...base, kind: 'checkpoint-part', part: checkpointPart(record.part, base) };
    case 'lineage':
      return {
        ...base,
        kind: 'lineage',
        entries: Object.fromEntries(
          Object.entries(object(record.entries, 'entries')).map(([key, value]) => [key, text(value, `entries.${key}`)]),
        ),
      };
    case 'member-end':
      return {
        ...base,
        kind: 'member-end',
        step: count(record.step, 'step'),
        outcome: text(record.outcome, 'outcome'),
      };
    default:
      throw invalid(
        'kind',
        'must be points, matrices, ledger, snapshot, samples, checkpoint-part, lineage or member-end',
      );
  }
}

function point(value: unknown, where: string): Point {
  const entry = object(value, where);
  return {
    subject: subject(entry.subject, `${where}.subject`),
    series: name(entry.series, `${where}.series`),
    step: count(entry.step, `${where}.step`),
    value: float(entry.value, `${where}.value`),
  };
}

function timing(value: unknown, where: string): TimingPoint {
  return { ...point(value, where), generation: count(object(value, where).generation, `${where}.generation`) };
}

/** PostgreSQL keeps a task's place in an int2. */
const mostTasks = 0x7fff;

function matrix(value: unknown, where: string): StepMatrix {
  const entry = object(value, where);
  const tasks = list(entry.tasks, `${where}.tasks`, (place, at) => whole(place, at, mostTasks));
  if (tasks.length === 0 || tasks.some((task, index) => index > 0 && task <= (tasks[index - 1] ?? 0)))
    throw invalid(`${where}.tasks`, 'must rise and name at least one task');
  const gram = list(entry.gram, `${where}.gram`, float);
  const products = (tasks.length * (tasks.length + 1)) / 2;
  if (gram.length !== products) throw invalid(`${where}.gram`, `must hold ${products} inner products`);
  const coefficients = list(entry.coefficients, `${where}.coefficients`, float);
  if (coefficients.length !== tasks.length)
    throw invalid(`${where}.coefficients`, `must hold ${tasks.length}, one for each task`);
  return {
    group: name(entry.group, `${where}.group`),
    step: count(entry.step, `${where}.step`),
    tasks,
    gram,
    coefficients,
  };
}

function ledgerStep(value: unknown, where: string): LedgerStep {
  const entry = object(value, where);
  return {
    step: count(entry.step, `${where}.step`),
    lane: count(entry.lane, `${where}.lane`),
    epoch: count(entry.epoch, `${where}.epoch`),
    position: count(entry.position, `${where}.position`),
    microbatches: count(entry.microbatches, `${where}.microbatches`),
  };
}

function snapshotHash(value: unknown, where: string): { readonly part: string; readonly stateHash: string } {
  const entry = object(value, where);
  return { part: name(entry.part, `${where}.part`), stateHash: hash(entry.stateHash, `${where}.stateHash`) };
}

function sample(value: unknown, where: string): SampleRow {
  const entry = object(value, where);
  return {
    task: token(entry.task, `${where}.task`) as TaskName,
    index: count(entry.index, `${where}.index`),
    source: text(entry.source, `${where}.source`),
    generated: text(entry.generated, `${where}.generated`),
    references: list(entry.references, `${where}.references`, text),
  };
}

function checkpointPart(value: unknown, base: { readonly run: RunId; readonly generation: number }): CheckpointPart {
  const entry = object(value, 'part');
  const part: CheckpointPart = {
    run: token(entry.run, 'part.run') as RunId,
    attempt: count(entry.attempt, 'part.attempt'),
    generation: count(entry.generation, 'part.generation'),
    step: count(entry.step, 'part.step'),
    part: name(entry.part, 'part.part'),
    parts: list(entry.parts, 'part.parts', name),
    key: text(entry.key, 'part.key'),
    sizeBytes: whole(entry.sizeBytes, 'part.sizeBytes', Number.MAX_SAFE_INTEGER),
    sha256: hash(entry.sha256, 'part.sha256'),
    stateHash: hash(entry.stateHash, 'part.stateHash'),
  };
  if (part.run !== base.run || part.generation !== base.generation)
    throw invalid('part', 'must be of the run and generation of its record');
  if (!part.parts.includes(part.part)) throw invalid('part.parts', `must hold "${part.part}"`);
  return part;
}

function invalid(where: string, problem: string): TributaryError {
  return new TributaryError('DATA_INVALID', `A message on the records stream is not a record: ${where} ${problem}.`);
}

function object(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(where, 'must be an object');
  return value as Record<string, unknown>;
}

function list<T>(value: unknown, where: string, read: (value: unknown, where: string) => T): T[] {
  if (!Array.isArray(value)) throw invalid(where, 'must be a list');
  return value.map((entry, index) => read(entry, `${where}[${index}]`));
}

function text(value: unknown, where: string): string {
  if (typeof value !== 'string') throw invalid(where, 'must be a string');
  return value;
}

function token(value: unknown, where: string): string {
  if (typeof value !== 'string' || !isToken(value)) throw invalid(where, 'must be an id');
  return value;
}

/** Names of series and parts: short, and of printable characters. */
function name(value: unknown, where: string): string {
  if (typeof value !== 'string' || !/^[\x21-\x7e]{1,200}$/.test(value))
    throw invalid(where, 'must be 1 to 200 printable characters without spaces');
  return value;
}

const subjectPattern = /^(run|task:[A-Za-z0-9][A-Za-z0-9_-]{0,63}|lane:\d{1,9})$/;

function subject(value: unknown, where: string): PointSubject {
  if (typeof value !== 'string' || !subjectPattern.test(value)) throw invalid(where, 'must be run, task:… or lane:…');
  return value as PointSubject;
}

function hash(value: unknown, where: string): string {
  if (typeof value !== 'string' || !/^[0-9a-f]{64}$/.test(value)) throw invalid(where, 'must be a SHA-256 in hex');
  return value;
}

function whole(value: unknown, where: string, most: number): number {
  const number = value === '-0' ? 0 : value;
  if (typeof number !== 'number' || !Number.isInteger(number) || number < 0 || number > most)
    throw invalid(where, `must be a whole number from 0 to ${most}`);
  return number;
}

function count(value: unknown, where: string): number {
  return whole(value, where, 0x7fffffff);
}

/** Plain JSON writes what is not finite as null: read as NaN. */
function float(value: unknown, where: string): number {
  if (typeof value === 'number') return value;
  if (value === null) return Number.NaN;
  const special = typeof value === 'string' && Object.hasOwn(specialNumbers, value) ? specialNumbers[value] : undefined;
  if (special === undefined) throw invalid(where, 'must be a number, or "NaN", "Infinity", "-Infinity" or "-0"');
  return special;
}

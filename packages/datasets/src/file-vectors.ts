import { TributaryError } from '@tributary/protocol';
import { type FrameSequence, framesOf } from './frame-sequence.js';

export interface VectorColumn {
  /** Numbers in each vector. */
  readonly width: number;
  /** The run file's field that says so, for errors: `data.features.source`. */
  readonly field: string;
  /** Whether every number must lie in 0 to 1. */
  readonly unit: boolean;
}

/**
 * One row's list of vectors.
 * @param what names it in errors: `pairs.jsonl line 3: field "source"`
 * @throws TributaryError `DATA_INVALID`: no list, an empty one, ragged, of another width, not a finite number, outside 0 to 1
 */
export function vectorsOf(value: unknown, what: string, { width, field, unit }: VectorColumn): FrameSequence {
  const refuse = (problem: string): TributaryError => new TributaryError('DATA_INVALID', `${what} ${problem}.`);
  if (!Array.isArray(value)) throw refuse('is not a list of vectors: write it as [[0, 0.5], [1, 0.25]]');
  if (value.length === 0) throw refuse('is empty: give it at least one vector or drop the line');
  const vectors: readonly unknown[] = value;
  vectors.forEach((vector, index) => {
    const name = `vector ${index + 1}`;
    if (!Array.isArray(vector)) throw refuse(`has no list of numbers as ${name}: write it as [[0, 0.5], [1, 0.25]]`);
    const first = (vectors[0] as readonly unknown[]).length;
    if (vector.length !== first)
      throw refuse(
        `is ragged: ${name} has ${numbers(vector.length)}, vector 1 has ${first}; all must have ${width} (${field})`,
      );
    if (vector.length !== width)
      throw refuse(`has vectors of ${numbers(vector.length)}, but ${field} is ${width}: correct one of the two`);
    vector.forEach((number: unknown, place) => {
      const position = `number ${place + 1} of ${name}`;
      if (typeof number !== 'number' || !Number.isFinite(Math.fround(number)))
        throw refuse(
          `has ${shown(number)} as ${position}: give a finite number (null, NaN and what float32 cannot hold are not)`,
        );
      if (unit && !(number >= 0 && number <= 1))
        throw refuse(`has ${number} as ${position}, outside 0 to 1: scale the targets, which a sigmoid must reach`);
    });
  });
  return framesOf(vectors as readonly number[][], width);
}

const numbers = (count: number): string => `${count} ${count === 1 ? 'number' : 'numbers'}`;

function shown(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? 'nothing');
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

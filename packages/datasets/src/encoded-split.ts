import { createHash } from 'node:crypto';
import { specialIds, TributaryError } from '@tributary/protocol';
import type { FrameSequence } from './frame-sequence.js';

/**
 * One source and its references as ids, without special symbols. Training uses each reference as its own pair. On a side of vectors
 * every id is that of `<unk>`: it says that there is a vector, which lies in `sourceFeatures` or `targetFeatures`.
 */
export interface EncodedExample {
  readonly source: Int32Array;
  readonly targets: readonly Int32Array[];
  /** f32[length, sourceWidth]; absent where sources are symbols. */
  readonly sourceFeatures?: Float32Array;
  /** f32[length, targetWidth] of each reference; absent where targets are symbols. */
  readonly targetFeatures?: readonly Float32Array[];
}

/** The examples of one split of one task, in a fixed order. The arrays are views of the decoded bytes: read only. */
export interface EncodedSplit {
  /** Examples. */
  readonly length: number;
  /** Pairs: references of all examples together. */
  readonly pairCount: number;
  /** Every source id lies below it. */
  readonly sourceVocabulary: number;
  /** Every target id lies below it. */
  readonly targetVocabulary: number;
  /** Numbers in each vector of a source; 0: sources are symbols. */
  readonly sourceWidth: number;
  /** Numbers in each vector of a target; 0: targets are symbols. */
  readonly targetWidth: number;
  /** Pairs of example i are `firstPair[i]` up to, without, `firstPair[i + 1]`. */
  readonly firstPair: Int32Array;
  /** Example of each pair. */
  readonly exampleOf: Int32Array;
  example(index: number): EncodedExample;
  source(example: number): Int32Array;
  target(pair: number): Int32Array;
  /** f32[length, sourceWidth]; empty where sources are symbols. */
  sourceFeatures(example: number): Float32Array;
  /** f32[length, targetWidth]; empty where targets are symbols. */
  targetFeatures(pair: number): Float32Array;
}

/** Ids, or the vectors of a continuous sequence. */
export type SplitSequence = readonly number[] | Int32Array | FrameSequence;

export interface SplitContent {
  readonly sourceVocabulary: number;
  readonly targetVocabulary: number;
  /** Width of every source's vectors; left out, sources are ids. */
  readonly sourceWidth?: number;
  /** Width of every target's vectors; left out, targets are ids. */
  readonly targetWidth?: number;
  readonly examples: readonly {
    readonly source: SplitSequence;
    readonly targets: readonly SplitSequence[];
  }[];
}

/*
 * The format, little-endian: magic (8 bytes, the version included) · u32 bytes of an id (2 or 4) · u32 source vocabulary ·
 * u32 target vocabulary · u32 examples · u32 pairs · u32 ids · u32 source length of each example · u32 references of each example ·
 * u32 target length of each pair · ids of all sources, then of all targets · SHA-256 of everything before it.
 *
 * With vectors the magic ends in 2, u32 source width · u32 target width (0: symbols) follow the other counts, ids of a side of vectors
 * are all those of <unk>, and behind the ids stand the f32 values of all sources, then of all targets, vector after vector.
 */
const symbolsMagic = 'TRIBSPL1';
const framesMagic = 'TRIBSPL2';
const symbolsHeaderBytes = 32;
const framesHeaderBytes = 40;
const digestBytes = 32;

/** A split in its one binary form: equal content gives equal bytes. @throws RangeError for an id that is no symbol, or an empty sequence. */
export function encodeSplit(content: SplitContent): Uint8Array {
  const { examples, sourceVocabulary, targetVocabulary, sourceWidth = 0, targetWidth = 0 } = content;
  const targets = examples.flatMap((example) => example.targets);
  const rows = [...examples.map((example) => example.source), ...targets];
  if (examples.some(({ targets: references }) => references.length === 0) || rows.some((row) => row.length === 0))
    throw new RangeError('an example has no reference or an empty sequence');
  const ids = rows.reduce((sum, row) => sum + row.length, 0);
  const idBytes = Math.max(sourceVocabulary, targetVocabulary) <= 0x10000 ? 2 : 4;
  const widthOf = (row: number): number => (row < examples.length ? sourceWidth : targetWidth);
  const values = rows.map((row, index) => frameValues(row, widthOf(index)));
  const framed = sourceWidth + targetWidth > 0;
  const headerBytes = framed ? framesHeaderBytes : symbolsHeaderBytes;
  const valueBytes = 4 * values.reduce((sum, { length }) => sum + length, 0);
  const bytes = new Uint8Array(
    headerBytes + 4 * (2 * examples.length + targets.length) + idBytes * ids + valueBytes + digestBytes,
  );
  const view = new DataView(bytes.buffer);
  new TextEncoder().encodeInto(framed ? framesMagic : symbolsMagic, bytes);
  let at = 8;
  const word = (value: number): void => {
    view.setUint32(at, value, true);
    at += 4;
  };
  for (const value of [idBytes, sourceVocabulary, targetVocabulary, examples.length, targets.length, ids]) word(value);
  if (framed) for (const width of [sourceWidth, targetWidth]) word(width);
  for (const example of examples) word(example.source.length);
  for (const example of examples) word(example.targets.length);
  for (const target of targets) word(target.length);
  for (const [index, row] of rows.entries()) {
    const bound = index < examples.length ? sourceVocabulary : targetVocabulary;
    for (const id of idsOf(row)) {
      if (id < specialIds.unknown || id >= bound) throw new RangeError(`id ${id} is not a symbol below ${bound}`);
      if (idBytes === 2) view.setUint16(at, id, true);
      else view.setUint32(at, id, true);
      at += idBytes;
    }
  }
  for (const row of values) {
    for (const value of row) {
      view.setFloat32(at, value, true);
      at += 4;
    }
  }
  bytes.set(createHash('sha256').update(bytes.subarray(0, at)).digest(), at);
  return bytes;
}

const isFrameSequence = (row: SplitSequence): row is FrameSequence => 'values' in row && 'width' in row;

function frameValues(row: SplitSequence, width: number): Float32Array {
  if (!isFrameSequence(row)) {
    if (width > 0) throw new RangeError(`a sequence of symbols stands where vectors of ${width} numbers belong`);
    return new Float32Array(0);
  }
  if (row.width !== width || row.values.length !== row.length * width)
    throw new RangeError(`a sequence has vectors of ${row.width} numbers where ${width} belong`);
  return row.values;
}

function idsOf(row: SplitSequence): ArrayLike<number> & Iterable<number> {
  return isFrameSequence(row) ? new Int32Array(row.length).fill(specialIds.unknown) : (row as readonly number[]);
}

/**
 * Decodes a split and checks all of it: magic, sizes, digest, counts, ids within their vocabularies, no empty sequence.
 * @throws TributaryError `DATA_INVALID` saying what is wrong with the bytes.
 */
export function decodeSplit(bytes: Uint8Array): EncodedSplit {
  const magic = new TextDecoder('latin1').decode(bytes.subarray(0, 8));
  const framed = magic === framesMagic;
  if (magic !== symbolsMagic && !framed) throw corrupt(`it does not begin with ${symbolsMagic} or ${framesMagic}`);
  const headerBytes = framed ? framesHeaderBytes : symbolsHeaderBytes;
  if (bytes.length < headerBytes + digestBytes) throw corrupt(`it has ${bytes.length} bytes, fewer than its header`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [idBytes, sourceVocabulary, targetVocabulary, length, pairCount, idCount] = Array.from({ length: 6 }, (_, i) =>
    view.getUint32(8 + 4 * i, true),
  ) as [number, number, number, number, number, number];
  if (idBytes !== 2 && idBytes !== 4) throw corrupt(`its ids have ${idBytes} bytes`);
  const sourceWidth = framed ? view.getUint32(32, true) : 0;
  const targetWidth = framed ? view.getUint32(36, true) : 0;
  const idsEnd = headerBytes + 4 * (2 * length + pairCount) + idBytes * idCount;
  if (idsEnd + digestBytes > bytes.length || (!framed && idsEnd + digestBytes !== bytes.length))
    throw corrupt(`it has ${bytes.length} bytes where its header says ${idsEnd + digestBytes}`);
  const body = bytes.subarray(0, bytes.length - digestBytes);
  if (!createHash('sha256').update(body).digest().equals(bytes.subarray(body.length)))
    throw corrupt('its SHA-256 does not match');

  let at = headerBytes;
  const offsets = (count: number, what: string): Int32Array => {
    const sums = new Int32Array(count + 1);
    for (let i = 0; i < count; i++) {
      const value = view.getUint32(at, true);
      if (value === 0) throw corrupt(`${what} ${i} is empty`);
      const sum = (sums[i] as number) + value;
      if (sum > 0x7fffffff) throw corrupt(`${what} ${i} ends beyond the file`);
      sums[i + 1] = sum;
      at += 4;
    }
    return sums;
  };
  const sourceOffsets = offsets(length, 'source');
  const firstPair = offsets(length, 'list of references');
  const targetOffsets = offsets(pairCount, 'target');
  if (firstPair[length] !== pairCount) throw corrupt('its examples and pairs do not add up');
  const sourceIds = sourceOffsets[length] as number;
  if (sourceIds + (targetOffsets[pairCount] as number) !== idCount) throw corrupt('its lengths and ids do not add up');

  const ids = new Int32Array(idCount);
  for (let i = 0; i < idCount; i++, at += idBytes) {
    const id = idBytes === 2 ? view.getUint16(at, true) : view.getUint32(at, true);
    const bound = i < sourceIds ? sourceVocabulary : targetVocabulary;
    if (id >= bound || id < specialIds.unknown)
      throw corrupt(`id ${id} at position ${i} is not a symbol below ${bound}`);
    ids[i] = id;
  }
  const sourceValues = sourceIds * sourceWidth;
  const valueCount = sourceValues + (idCount - sourceIds) * targetWidth;
  if (idsEnd + 4 * valueCount !== body.length) throw corrupt('its lengths and vectors do not add up');
  const values = new Float32Array(valueCount);
  for (let i = 0; i < valueCount; i++, at += 4) {
    const value = view.getFloat32(at, true);
    if (!Number.isFinite(value)) throw corrupt(`value ${i} is not a finite number`);
    values[i] = value;
  }
  const exampleOf = new Int32Array(pairCount);
  for (let i = 0; i < length; i++) exampleOf.fill(i, firstPair[i], firstPair[i + 1]);

  const source = (example: number): Int32Array => ids.subarray(...range(sourceOffsets, example, 0));
  const target = (pair: number): Int32Array => ids.subarray(...range(targetOffsets, pair, sourceIds));
  const sourceFeatures = (example: number): Float32Array => {
    const [start, end] = range(sourceOffsets, example, 0);
    return values.subarray(start * sourceWidth, end * sourceWidth);
  };
  const targetFeatures = (pair: number): Float32Array => {
    const [start, end] = range(targetOffsets, pair, 0);
    return values.subarray(sourceValues + start * targetWidth, sourceValues + end * targetWidth);
  };
  const example = (index: number): EncodedExample => {
    const [first, end] = range(firstPair, index, 0);
    const pairs = Array.from({ length: end - first }, (_, i) => first + i);
    return {
      source: source(index),
      targets: pairs.map(target),
      ...(sourceWidth > 0 ? { sourceFeatures: sourceFeatures(index) } : {}),
      ...(targetWidth > 0 ? { targetFeatures: pairs.map(targetFeatures) } : {}),
    };
  };
  const sizes = { length, pairCount, sourceVocabulary, targetVocabulary, sourceWidth, targetWidth };
  return { ...sizes, firstPair, exampleOf, example, source, target, sourceFeatures, targetFeatures };
}

function range(offsets: Int32Array, index: number, base: number): [number, number] {
  const start = offsets[index];
  const end = offsets[index + 1];
  if (start === undefined || end === undefined) throw new RangeError(`index ${index} is not in the split`);
  return [base + start, base + end];
}

function corrupt(what: string): TributaryError {
  return new TributaryError('DATA_INVALID', `The prepared split is damaged: ${what}; prepare the run again.`);
}

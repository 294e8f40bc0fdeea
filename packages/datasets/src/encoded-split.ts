import { createHash } from 'node:crypto';
import { specialIds, TributaryError } from '@tributary/protocol';

/** One source and its references as ids, without special symbols. Training uses each reference as its own pair. */
export interface EncodedExample {
  readonly source: Int32Array;
  readonly targets: readonly Int32Array[];
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
  /** Pairs of example i are `firstPair[i]` up to, without, `firstPair[i + 1]`. */
  readonly firstPair: Int32Array;
  /** Example of each pair. */
  readonly exampleOf: Int32Array;
  example(index: number): EncodedExample;
  source(example: number): Int32Array;
  target(pair: number): Int32Array;
}

export interface SplitContent {
  readonly sourceVocabulary: number;
  readonly targetVocabulary: number;
  readonly examples: readonly {
    readonly source: readonly number[] | Int32Array;
    readonly targets: readonly (readonly number[] | Int32Array)[];
  }[];
}

/*
 * The format, little-endian: magic (8 bytes, the version included) · u32 bytes of an id (2 or 4) · u32 source vocabulary ·
 * u32 target vocabulary · u32 examples · u32 pairs · u32 ids · u32 source length of each example · u32 references of each example ·
 * u32 target length of each pair · ids of all sources, then of all targets · SHA-256 of everything before it.
 */
const magic = 'TRIBSPL1';
const headerBytes = 32;
const digestBytes = 32;

/** A split in its one binary form: equal content gives equal bytes. @throws RangeError for an id that is no symbol, or an empty sequence. */
export function encodeSplit(content: SplitContent): Uint8Array {
  const { examples, sourceVocabulary, targetVocabulary } = content;
  const targets = examples.flatMap((example) => example.targets);
  const rows = [...examples.map((example) => example.source), ...targets];
  if (examples.some(({ targets: references }) => references.length === 0) || rows.some((row) => row.length === 0))
    throw new RangeError('an example has no reference or an empty sequence');
  const ids = rows.reduce((sum, row) => sum + row.length, 0);
  const idBytes = Math.max(sourceVocabulary, targetVocabulary) <= 0x10000 ? 2 : 4;
  const bytes = new Uint8Array(headerBytes + 4 * (2 * examples.length + targets.length) + idBytes * ids + digestBytes);
  const view = new DataView(bytes.buffer);
  new TextEncoder().encodeInto(magic, bytes);
  let at = 8;
  const word = (value: number): void => {
    view.setUint32(at, value, true);
    at += 4;
  };
  for (const value of [idBytes, sourceVocabulary, targetVocabulary, examples.length, targets.length, ids]) word(value);
  for (const example of examples) word(example.source.length);
  for (const example of examples) word(example.targets.length);
  for (const target of targets) word(target.length);
  for (const [index, row] of rows.entries()) {
    const bound = index < examples.length ? sourceVocabulary : targetVocabulary;
    for (const id of row) {
      if (id < specialIds.unknown || id >= bound) throw new RangeError(`id ${id} is not a symbol below ${bound}`);
      if (idBytes === 2) view.setUint16(at, id, true);
      else view.setUint32(at, id, true);
      at += idBytes;
    }
  }
  bytes.set(createHash('sha256').update(bytes.subarray(0, at)).digest(), at);
  return bytes;
}

/**
 * Decodes a split and checks all of it: magic, sizes, digest, counts, ids within their vocabularies, no empty sequence.
 * @throws TributaryError `DATA_INVALID` saying what is wrong with the bytes.
 */
export function decodeSplit(bytes: Uint8Array): EncodedSplit {
  if (bytes.length < headerBytes + digestBytes) throw corrupt(`it has ${bytes.length} bytes, fewer than its header`);
  if (new TextDecoder('latin1').decode(bytes.subarray(0, 8)) !== magic)
    throw corrupt(`it does not begin with ${magic}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [idBytes, sourceVocabulary, targetVocabulary, length, pairCount, idCount] = Array.from({ length: 6 }, (_, i) =>
    view.getUint32(8 + 4 * i, true),
  ) as [number, number, number, number, number, number];
  if (idBytes !== 2 && idBytes !== 4) throw corrupt(`its ids have ${idBytes} bytes`);
  const size = headerBytes + 4 * (2 * length + pairCount) + idBytes * idCount + digestBytes;
  if (size !== bytes.length) throw corrupt(`it has ${bytes.length} bytes where its header says ${size}`);
  const body = bytes.subarray(0, size - digestBytes);
  if (
    !createHash('sha256')
      .update(body)
      .digest()
      .equals(bytes.subarray(size - digestBytes))
  )
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
  const exampleOf = new Int32Array(pairCount);
  for (let i = 0; i < length; i++) exampleOf.fill(i, firstPair[i], firstPair[i + 1]);

  const source = (example: number): Int32Array => ids.subarray(...range(sourceOffsets, example, 0));
  const target = (pair: number): Int32Array => ids.subarray(...range(targetOffsets, pair, sourceIds));
  const example = (index: number): EncodedExample => {
    const [first, end] = range(firstPair, index, 0);
    return { source: source(index), targets: Array.from({ length: end - first }, (_, i) => target(first + i)) };
  };
  return { length, pairCount, sourceVocabulary, targetVocabulary, firstPair, exampleOf, example, source, target };
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

import { TributaryError } from '@tributary/protocol';
import { type HalfDtype, halfFloats, isHalf, widened } from './half-floats.js';
import { repeatedKey } from './repeated-key.js';
import {
  bytesOf,
  canonicalNames,
  type Dtype,
  dtypeOf,
  dtypes,
  elementCount,
  type Tensor,
  type TensorData,
  type Tensors,
} from './tensors.js';

/** What a safetensors file holds. */
export interface SafetensorsContent {
  readonly tensors: Tensors;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The largest header that readers accept (the limit of the reference implementation). */
const headerLimitBytes = 100_000_000;

/**
 * Writes the safetensors format: u64 length of the header, JSON header, data. Tensors lie in order of falling element size, then name, and
 * the header is padded to 8 bytes, so all data are aligned. Equal content gives equal bytes.
 * Source: github.com/huggingface/safetensors, "Format".
 */
export function encodeSafetensors({ tensors, metadata }: SafetensorsContent): Uint8Array {
  const names = canonicalNames(tensors);
  const entry = (name: string): Tensor => tensors[name] as Tensor;
  names.sort((a, b) => entry(b).data.BYTES_PER_ELEMENT - entry(a).data.BYTES_PER_ELEMENT);
  const header: [string, unknown][] = [['__metadata__', sorted(metadata)]];
  let size = 0;
  for (const name of names) {
    const { shape, data } = entry(name);
    if (name === '__metadata__' || name === '') throw new RangeError(`a tensor may not be named "${name}"`);
    if (!shape.every((length) => Number.isSafeInteger(length) && length >= 0) || elementCount(shape) !== data.length)
      throw new RangeError(`tensor "${name}" of shape [${shape.join(', ')}] has ${data.length} elements`);
    header.push([name, { dtype: dtypeOf(data), shape, data_offsets: [size, size + data.byteLength] }]);
    size += data.byteLength;
  }
  // Not an object: integer-like names would move to its front.
  const json = `{${header.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`;
  const text = Buffer.from(json, 'utf8');
  const headerBytes = Math.ceil(text.length / 8) * 8;
  const file = new Uint8Array(8 + headerBytes + size);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.fill(0x20, 8, 8 + headerBytes);
  file.set(text, 8);
  let at = 8 + headerBytes;
  for (const name of names) {
    const { data } = entry(name);
    file.set(bytesOf(data), at);
    at += data.byteLength;
  }
  return file;
}

function sorted(metadata: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1)));
}

export interface DecodeOptions {
  /** The error for what is wrong, where the file is not a checkpoint. */
  readonly corrupt?: Corrupt;
  /** Reads 16-bit floats too, as float32. Checkpoints have none. */
  readonly widen?: boolean;
}

/**
 * Reads a safetensors file strictly. The tensors are views of `bytes` where these are aligned.
 * @param where names the file in errors.
 * @throws TributaryError `CHECKPOINT_CORRUPT` saying what is wrong: truncated, malformed header, name twice, unknown
 *   type, lengths that do not match, tensors that overlap or leave gaps, bytes too many.
 */
export function decodeSafetensors(bytes: Uint8Array, where: string, options: DecodeOptions = {}): SafetensorsContent {
  const corrupt: Corrupt =
    options.corrupt ??
    ((what) => new TributaryError('CHECKPOINT_CORRUPT', `${where} is damaged: ${what}; use an earlier checkpoint.`));
  if (bytes.length < 8) throw corrupt(`it has ${bytes.length} bytes, fewer than the length of its header`);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (length > BigInt(headerLimitBytes)) throw corrupt(`its header claims ${length} bytes`);
  const dataStart = 8 + Number(length);
  if (dataStart > bytes.length) throw corrupt(`it ends within its header, at byte ${bytes.length} of ${dataStart}`);
  const header = parseHeader(bytes.subarray(8, dataStart), corrupt);
  const dataSize = bytes.length - dataStart;

  let metadata: Record<string, string> = {};
  const tensors: [string, Tensor][] = [];
  const spans: { readonly name: string; readonly begin: number; readonly end: number }[] = [];
  for (const [name, value] of Object.entries(header)) {
    if (name === '__metadata__') {
      metadata = parseMetadata(value, corrupt);
      continue;
    }
    const { dtype, shape, begin, end } = parseEntry(name, value, corrupt, options.widen ?? false);
    if (end > dataSize) throw corrupt(`tensor "${name}" ends at byte ${end} of ${dataSize} bytes of data`);
    const elementBytes = isHalf(dtype) ? 2 : dtypes[dtype].BYTES_PER_ELEMENT;
    if (end - begin !== elementCount(shape) * elementBytes)
      throw corrupt(`tensor "${name}" of ${dtype} [${shape.join(', ')}] has ${end - begin} bytes`);
    spans.push({ name, begin, end });
    const [from, to] = [dataStart + begin, dataStart + end];
    const data = isHalf(dtype) ? widened(bytes.subarray(from, to), dtype) : viewOf(bytes, dtype, from, to);
    tensors.push([name, { shape, data }]);
  }
  let covered = 0;
  for (const { name, begin, end } of spans.sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin < covered) throw corrupt(`tensor "${name}" overlaps the one before it, at byte ${begin} of the data`);
    if (begin > covered) throw corrupt(`bytes ${covered} to ${begin} of the data belong to no tensor`);
    covered = end;
  }
  if (covered !== dataSize) throw corrupt(`${dataSize - covered} bytes at its end belong to no tensor`);
  return { tensors: Object.fromEntries(tensors), metadata };
}

type Corrupt = (what: string) => TributaryError;

function parseHeader(bytes: Uint8Array, corrupt: Corrupt): Record<string, unknown> {
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    value = JSON.parse(text);
  } catch (cause) {
    throw corrupt(`its header is not JSON (${(cause as Error).message})`);
  }
  if (!isObject(value) || !text.startsWith('{')) throw corrupt('its header is not a JSON object');
  const repeated = repeatedKey(text);
  if (repeated !== null) throw corrupt(`its header has "${repeated}" twice`);
  return value;
}

function parseMetadata(value: unknown, corrupt: Corrupt): Record<string, string> {
  if (!isObject(value) || !Object.values(value).every((each) => typeof each === 'string'))
    throw corrupt('its __metadata__ is not an object of strings');
  return value as Record<string, string>;
}

function parseEntry(
  name: string,
  value: unknown,
  corrupt: Corrupt,
  widen: boolean,
): { dtype: Dtype | HalfDtype; shape: readonly number[]; begin: number; end: number } {
  const isSize = (each: unknown): each is number => Number.isSafeInteger(each) && (each as number) >= 0;
  if (!isObject(value) || Object.keys(value).sort().join() !== 'data_offsets,dtype,shape')
    throw corrupt(`the entry of tensor "${name}" does not consist of dtype, shape and data_offsets`);
  const { dtype, shape, data_offsets: offsets } = value;
  const known = [...Object.keys(dtypes), ...(widen ? Object.keys(halfFloats) : [])];
  if (typeof dtype !== 'string' || !known.includes(dtype))
    throw corrupt(`tensor "${name}" has the type ${JSON.stringify(dtype)}, which is not one of ${known.join(', ')}`);
  if (!Array.isArray(shape) || !shape.every(isSize) || !Number.isSafeInteger(elementCount(shape)))
    throw corrupt(`tensor "${name}" has the shape ${JSON.stringify(shape)}`);
  if (
    !Array.isArray(offsets) ||
    offsets.length !== 2 ||
    !offsets.every(isSize) ||
    (offsets[0] as number) > (offsets[1] as number)
  )
    throw corrupt(`tensor "${name}" has the offsets ${JSON.stringify(offsets)}`);
  return { dtype: dtype as Dtype | HalfDtype, shape, begin: offsets[0] as number, end: offsets[1] as number };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function viewOf(bytes: Uint8Array, dtype: Dtype, begin: number, end: number): TensorData {
  const type = dtypes[dtype];
  const offset = bytes.byteOffset + begin;
  const elements = (end - begin) / type.BYTES_PER_ELEMENT;
  if (offset % type.BYTES_PER_ELEMENT === 0) return new type(bytes.buffer as ArrayBuffer, offset, elements);
  return new type(bytes.slice(begin, end).buffer as ArrayBuffer, 0, elements);
}

/**
 * Nanoseconds an element of the exchange's sums and codes: WASM SIMD beside JavaScript, which gives the same bits. Rounds alternate; the
 * figure is the median of their processor time. Vectors of --elements (default 5,000,000: from memory) and of one block of 65,536 (from cache).
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { codecNamed, vectorMemory } from '@tributary/collectives';
import { median } from './engine/statistics.mjs';

const { values } = parseArgs({
  options: { elements: { type: 'string', default: '5000000' }, rounds: { type: 'string', default: '7' } },
});
const block = 65_536;

/** What is measured, on vectors of `length` elements. */
function cases(way, length) {
  const memory = vectorMemory(20 * 4 * length + (1 << 20), way);
  const { arithmetic } = memory;
  const vectors = Array.from({ length: 8 }, (_, v) => {
    const vector = memory.float32(length);
    for (let i = 0; i < length; i++) vector[i] = Math.sin(i * (v + 1)) * 1e-3;
    return vector;
  });
  const [a, b] = vectors;
  const target = memory.float32(length);
  const after = memory.float32(length);
  const before = memory.float32(length).fill(1e-6);
  const code = memory.bytes(4 * length);
  // As a message's body lies behind its head.
  const apart = new Uint8Array(4 * length + 3).subarray(3);
  const [fp32, bf16, int8] = ['fp32', 'bf16', 'int8'].map((name) => codecNamed(name, memory));
  const sums = new Float64Array(64);
  const weights = Float64Array.of(0.3, 0.4, 0.2, 0.1, 0.5, 0.6, 0.7, 0.8);
  const products = (count) => () => {
    // By blocks, as the exchange does.
    for (let from = 0; from < length; from += block)
      arithmetic.innerProducts(
        vectors.slice(0, count).map((vector) => vector.subarray(from, from + block)),
        sums,
        0,
      );
  };
  int8.encode(a, code);
  apart.set(code);
  return {
    'all finite': () => arithmetic.allFinite(a),
    'mean of 2': () => arithmetic.mean(target, vectors.slice(0, 2)),
    'mean of 3': () => arithmetic.mean(target, vectors.slice(0, 3)),
    'mean of 4': () => arithmetic.mean(target, vectors.slice(0, 4)),
    'inner products, 1 task': products(1),
    'inner products, 2 tasks': products(2),
    'inner products, 3 tasks': products(3),
    'inner products, 4 tasks': products(4),
    'inner products, 8 tasks': products(8),
    'combine 1': () => arithmetic.combine(target, vectors.slice(0, 1), weights),
    'combine 2': () => arithmetic.combine(target, vectors.slice(0, 2), weights),
    'combine 4': () => arithmetic.combine(target, vectors.slice(0, 4), weights),
    scale: () => arithmetic.scale(b, 1.0000001),
    'fp32 decode from elsewhere': () => fp32.decode(apart, target),
    'bf16 encode': () => bf16.encode(a, code),
    'bf16 encode, decoded': () => bf16.encode(a, code, { decoded: target }),
    'bf16 decode': () => bf16.decode(code, target),
    'int8 encode': () => int8.encode(a, code),
    'int8 encode, residual': () => int8.encode(a, code, { residual: { before, after } }),
    'int8 encode, residual, decoded': () => int8.encode(a, code, { residual: { before, after }, decoded: target }),
    'int8 decode': () => int8.decode(code, target),
    'int8 decode from elsewhere': () => int8.decode(apart, target),
  };
}

/** Processor time, not of waiting for a busy machine. */
function nanoseconds(run, length) {
  const repeats = Math.max(1, Math.round(1e7 / length));
  const startedAt = process.cpuUsage();
  for (let repeat = 0; repeat < repeats; repeat++) run();
  const { user, system } = process.cpuUsage(startedAt);
  return ((user + system) * 1e3) / repeats / length;
}

console.log(`${cpus()[0].model}, Node ${process.version}; ns an element, and how many times faster than JavaScript`);
const lengths = [block, Number(values.elements)];
const table = new Map();
for (const length of lengths) {
  const [wasm, javascript] = [cases('auto', length), cases('javascript', length)];
  for (const name of Object.keys(wasm)) {
    const times = { wasm: [], javascript: [] };
    for (let round = 0; round < Number(values.rounds) + 2; round++)
      for (const [way, run] of [
        ['wasm', wasm[name]],
        ['javascript', javascript[name]],
      ]) {
        const time = nanoseconds(run, length);
        // The first rounds compile.
        if (round >= 2) times[way].push(time);
      }
    const [fast, slow] = [median(times.wasm), median(times.javascript)];
    const cells = [fast.toFixed(2), slow.toFixed(2), `${(slow / fast).toFixed(1)}x`];
    table.set(name, [...(table.get(name) ?? []), ...cells]);
  }
}
const heads = lengths.flatMap((length) => [`${length} wasm`, 'js', '']);
console.log(['', ...heads].map((cell, i) => (i === 0 ? cell.padEnd(32) : cell.padStart(14))).join(''));
for (const [name, cells] of table) console.log(name.padEnd(32) + cells.map((cell) => cell.padStart(14)).join(''));

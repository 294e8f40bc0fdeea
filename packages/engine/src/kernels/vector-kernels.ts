import { TributaryError } from '@tributary/protocol';
import type { ElementwiseKernel } from './expression.js';
import { encodeModule, maxPages, mostVectors } from './kernel-module.js';
import { type WebAssemblyModule, webAssembly } from './web-assembly.js';

const pageBytes = 65_536;
/** Vectors elsewhere pass through a kernel's memory in blocks of this many elements, which stay in the cache. */
const blockElements = 16_384;
/** Vectors begin at different places within a page: seven that begin at one place would compete for the same cache lines. */
const staggerBytes = 320;

type KernelFunction = (elements: number, ...pointersThenScalars: readonly number[]) => void;

/** One WebAssembly memory with the kernels that work on it. It begins with one block for each vector of a call. */
interface Home {
  readonly buffer: SharedArrayBuffer;
  readonly functions: ReadonlyMap<string, KernelFunction>;
  readonly blocks: readonly Float32Array[];
}

/**
 * Kernels over vectors, in WebAssembly with four elements at a time, or, where the host has no WebAssembly SIMD, in
 * JavaScript: the same bits. Vectors may lie anywhere; those made by `allocate` are worked on without a copy.
 */
export class VectorKernels {
  readonly #compiled: { readonly host: NonNullable<typeof webAssembly>; readonly module: WebAssemblyModule } | null;
  readonly #blockCount: number;
  readonly #homes = new WeakMap<ArrayBufferLike, Home>();
  #elsewhere: Home | null = null;

  /** @param way `javascript` leaves WebAssembly out; `auto` takes it where it can */
  constructor(kernels: readonly ElementwiseKernel[], way: 'auto' | 'javascript' = 'auto') {
    const code = encodeModule(kernels);
    this.#blockCount = mostVectors(kernels);
    this.#compiled =
      way === 'auto' && webAssembly?.validate(code)
        ? { host: webAssembly, module: new webAssembly.Module(code) }
        : null;
  }

  get kind(): 'wasm' | 'javascript' {
    return this.#compiled ? 'wasm' : 'javascript';
  }

  /**
   * Zeroed vectors of these lengths on shared memory, which another thread can be sent. They lie side by side in one
   * WebAssembly memory while its 4 GiB last, then in the next; vectors of one update belong next to each other.
   */
  allocate(lengths: readonly number[]): Float32Array<SharedArrayBuffer>[] {
    const vectors: Float32Array<SharedArrayBuffer>[] = [];
    while (vectors.length < lengths.length) vectors.push(...this.#allocateInOne(lengths.slice(vectors.length)));
    return vectors;
  }

  /**
   * @param scalars rounded to float32
   * @param inputs all of one length
   * @param outputs of that length; one may be an input itself, but must not overlap another otherwise
   */
  run<Input extends string, Scalar extends string, Output extends string>(
    kernel: ElementwiseKernel<Input, Scalar, Output>,
    scalars: Readonly<Record<Scalar, number>>,
    inputs: Readonly<Record<Input, Float32Array>>,
    outputs: Readonly<Record<Output, Float32Array>>,
  ): void {
    const read = kernel.inputs.map((name) => inputs[name]);
    const written = kernel.outputs.map((name) => outputs[name]);
    const elements = written[0]?.length ?? 0;
    if ([...read, ...written].some(({ length }) => length !== elements))
      throw new TributaryError('INTERNAL', `The kernel "${kernel.name}" was given vectors of unequal length.`);
    const rounded = kernel.scalars.map((name) => Math.fround(scalars[name]));
    if (this.#compiled) this.#runHere(kernel.name, rounded, read, written);
    else {
      const named = Object.fromEntries(kernel.scalars.map((name, index) => [name, rounded[index]]));
      kernel.reference(inputs, named as Record<Scalar, number>, outputs);
    }
  }

  #runHere(
    name: string,
    scalars: readonly number[],
    inputs: readonly Float32Array[],
    outputs: readonly Float32Array[],
  ): void {
    const vectors = [...inputs, ...outputs];
    const elements = (vectors[0] as Float32Array).length;
    const home = this.#homeOf(outputs);
    const call = home.functions.get(name);
    if (!call) throw new TributaryError('INTERNAL', `There is no kernel "${name}" here.`);
    const inside = vectors.map(({ buffer }) => buffer === home.buffer);
    const length = inside.every(Boolean) ? elements : blockElements;
    for (let start = 0; start < elements; start += length) {
      const end = Math.min(elements, start + length);
      const pointers = vectors.map((vector, index) => {
        if (inside[index]) return vector.byteOffset + 4 * start;
        const block = home.blocks[index] as Float32Array;
        if (index < inputs.length) block.set(vector.subarray(start, end));
        return block.byteOffset;
      });
      call(end - start, ...pointers, ...scalars);
      outputs.forEach((output, index) => {
        if (inside[inputs.length + index]) return;
        const block = home.blocks[inputs.length + index] as Float32Array;
        output.set(block.subarray(0, end - start), start);
      });
    }
  }

  /** As many of these vectors as one memory holds, at least one; plain shared memory for one that no memory holds. */
  #allocateInOne(lengths: readonly number[]): Float32Array<SharedArrayBuffer>[] {
    const reserved = this.#blockCount * blockElements * 4;
    const offsets: number[] = [];
    let bytes = reserved;
    for (const length of lengths) {
      const offset = bytes + staggerBytes;
      const next = offset + Math.ceil(length / 16) * 64;
      if (next > maxPages * pageBytes) break;
      offsets.push(offset);
      bytes = next;
    }
    if (!this.#compiled || offsets.length === 0) {
      const length = lengths[0] as number;
      return [new Float32Array(new SharedArrayBuffer(Math.max(1, length) * 4), 0, length)];
    }
    const { buffer } = this.#openHome(bytes);
    return offsets.map((offset, index) => new Float32Array(buffer, offset, lengths[index]));
  }

  #homeOf(outputs: readonly Float32Array[]): Home {
    for (const { buffer } of outputs) {
      const home = this.#homes.get(buffer);
      if (home) return home;
    }
    this.#elsewhere ??= this.#openHome(this.#blockCount * blockElements * 4);
    return this.#elsewhere;
  }

  #openHome(bytes: number): Home {
    if (!this.#compiled)
      throw new TributaryError('INTERNAL', 'Kernels without WebAssembly have no memory of their own.');
    const { host, module } = this.#compiled;
    const pages = Math.ceil(bytes / pageBytes);
    const memory = new host.Memory({ initial: pages, maximum: pages, shared: true });
    const { buffer } = memory;
    const { exports } = new host.Instance(module, { vectors: { memory } });
    const home = {
      buffer,
      functions: new Map(Object.entries(exports) as [string, KernelFunction][]),
      blocks: Array.from(
        { length: this.#blockCount },
        (_, index) => new Float32Array(buffer, index * blockElements * 4, blockElements),
      ),
    };
    this.#homes.set(buffer, home);
    return home;
  }
}

import { TributaryError } from '@tributary/protocol';
import type {
  BackendKind,
  BackendMemory,
  ComputeBackend,
  Data,
  TensorFunction,
  TensorSpec,
  TracedFunction,
  TraceOptions,
  TraceTiming,
} from './compute-backend.js';

/** One graph that a cache holds. */
export interface GraphInfo {
  readonly name: string;
  readonly inputs: readonly TensorSpec[];
  /** Estimate of the bytes it holds between runs. */
  readonly bytes: number;
}

/** A graph that was just compiled. */
export interface TraceEvent extends GraphInfo {
  readonly traceMs: number;
  readonly timing: TraceTiming;
  /** Whether the cache had held it before and given it up: more than a few of these say that its bounds are too small. */
  readonly again: boolean;
  /** Graphs that the cache holds now. */
  readonly held: number;
}

export interface GraphCacheOptions {
  /** Most graphs held at once. Default: 64. */
  readonly maxGraphs?: number;
  /** Most bytes of graphs, by their own estimates, held at once. Default: no bound. The newest graph always stays. */
  readonly maxBytes?: number;
  /** Called after each compilation, with what it took: progress of a warm-up, and the answer to why a step was slow. */
  readonly onTrace?: (event: TraceEvent) => void;
}

export interface GraphCacheCounts {
  /** Graphs held. */
  readonly held: number;
  /** The sum of their estimates, in bytes. */
  readonly bytes: number;
  /** Compilations so far. */
  readonly traced: number;
  /** Of these, compilations of a graph that had been given up before. */
  readonly tracedAgain: number;
}

/** How to compile one graph. */
interface Recipe extends Pick<GraphInfo, 'name' | 'inputs'> {
  readonly key: string;
  readonly fn: TensorFunction;
  readonly options: TraceOptions | undefined;
}

interface Held {
  readonly recipe: Recipe;
  readonly traced: TracedFunction;
  running: number;
}

const keyOf = (owner: string, inputs: readonly TensorSpec[], options: TraceOptions | undefined): string =>
  [owner, options?.precision ?? 'float32', ...inputs.map(({ shape, dtype }) => `${dtype}[${shape}]`)].join(' ');

/**
 * A backend that keeps its graphs: each is compiled when first asked for and reused from then on, and when there are
 * more than the bounds allow the least recently used are disposed of. All functions of a program share one cache, so
 * that one bound covers training and evaluation of every task.
 *
 * As a `ComputeBackend` it takes a name for one function: the same name, shapes and precision give the graph that is
 * already held. Functions traced through `compile` need no such care.
 */
export class GraphCache implements ComputeBackend {
  readonly #backend: ComputeBackend;
  readonly #maxGraphs: number;
  readonly #maxBytes: number;
  readonly #onTrace: ((event: TraceEvent) => void) | undefined;
  /** Least recently used first. */
  readonly #held = new Map<string, Held>();
  readonly #tracedBefore = new Set<string>();
  #traced = 0;
  #tracedAgain = 0;
  #owners = 0;
  #disposed = false;

  constructor(backend: ComputeBackend, options: GraphCacheOptions = {}) {
    const { maxGraphs = 64, maxBytes = Number.POSITIVE_INFINITY } = options;
    if (!(maxGraphs >= 1)) throw new TributaryError('INTERNAL', `A graph cache cannot hold at most ${maxGraphs}.`);
    this.#backend = backend;
    this.#maxGraphs = maxGraphs;
    this.#maxBytes = maxBytes;
    this.#onTrace = options.onTrace;
  }

  get kind(): BackendKind {
    return this.#backend.kind;
  }

  get version(): string {
    return this.#backend.version;
  }

  get device(): string {
    return this.#backend.device;
  }

  get notice(): string | null {
    return this.#backend.notice;
  }

  get counts(): GraphCacheCounts {
    return {
      held: this.#held.size,
      bytes: this.#bytes(),
      traced: this.#traced,
      tracedAgain: this.#tracedAgain,
    };
  }

  /** The graphs that are held, most recently used first. */
  get graphs(): GraphInfo[] {
    return this.#infos(() => true);
  }

  memory(): BackendMemory {
    return this.#backend.memory();
  }

  /**
   * The graph of this name, shapes and precision, compiled now unless it is held. The function that comes back stays
   * valid when its graph is given up: its next run compiles it again. Its `dispose` ends it and leaves the graph held.
   * @throws TributaryError `TRACE_REFUSED` as the backend's own `trace`
   */
  trace(name: string, fn: TensorFunction, inputs: readonly TensorSpec[], options?: TraceOptions): TracedFunction {
    return this.#function(`named ${name}`, name, fn, inputs, options);
  }

  /** A namespace of its own for one function: what `compile` traces through. */
  owner(name: string, fn: TensorFunction, options?: TraceOptions): GraphOwner {
    const owner = `own${this.#owners++}`;
    const own = ({ recipe }: Held) => recipe.key.startsWith(`${owner} `);
    return {
      at: (inputs) => this.#function(owner, name, fn, inputs, options),
      graphs: () => this.#infos(own),
      dispose: () => {
        for (const held of [...this.#held.values()].filter(own)) this.#giveUp(held);
      },
    };
  }

  /** Disposes of every graph, and leaves the backend open. */
  dispose(): void {
    this.#disposed = true;
    for (const held of [...this.#held.values()]) this.#giveUp(held);
  }

  #function(
    owner: string,
    name: string,
    fn: TensorFunction,
    inputs: readonly TensorSpec[],
    options: TraceOptions | undefined,
  ): TracedFunction {
    const recipe = { key: keyOf(owner, inputs, options), name, fn, inputs, options };
    let { traced } = this.#obtain(recipe);
    let ended = false;
    return {
      name,
      outputs: traced.outputs,
      traceMs: traced.traceMs,
      timing: traced.timing,
      bytes: traced.bytes,
      run: async (data, into) => {
        if (ended) throw new TributaryError('INTERNAL', `${name} was run after it was disposed of.`);
        const held = this.#obtain(recipe);
        traced = held.traced;
        return this.#run(held, data, into);
      },
      dispose: () => {
        ended = true;
      },
    };
  }

  async #run(held: Held, data: readonly Data[], into: readonly (Data | undefined)[] | undefined): Promise<Data[]> {
    held.running++;
    try {
      return await held.traced.run(data, into);
    } finally {
      held.running--;
      if (this.#held.get(held.recipe.key) !== held && held.running === 0) held.traced.dispose();
      this.#shrink();
    }
  }

  /** The graph, compiled where it is not held, as the most recently used one. */
  #obtain(recipe: Recipe): Held {
    if (this.#disposed) throw new TributaryError('INTERNAL', `${recipe.name}: its graph cache was disposed of.`);
    const { key, name, fn, inputs, options } = recipe;
    const known = this.#held.get(key);
    if (known !== undefined) {
      if (known.recipe.fn !== fn && known.recipe.fn.toString() !== fn.toString())
        throw new TributaryError('INTERNAL', `Two functions are traced as "${name}" in one graph cache: rename one.`);
      this.#held.delete(key);
      this.#held.set(key, known);
      return known;
    }
    const traced = this.#backend.trace(name, fn, inputs, options);
    const held: Held = { recipe, traced, running: 0 };
    this.#held.set(key, held);
    const again = this.#tracedBefore.has(key);
    this.#tracedBefore.add(key);
    this.#traced++;
    if (again) this.#tracedAgain++;
    this.#shrink();
    const { traceMs, timing, bytes } = traced;
    this.#onTrace?.({ name, inputs, bytes, traceMs, timing, again, held: this.#held.size });
    return held;
  }

  /** Gives up the least recently used graphs beyond the bounds, except for those that run and the newest. */
  #shrink(): void {
    const idle = [...this.#held.values()].slice(0, -1).filter(({ running }) => running === 0);
    for (const held of idle) {
      if (this.#held.size <= this.#maxGraphs && this.#bytes() <= this.#maxBytes) return;
      this.#giveUp(held);
    }
  }

  #giveUp(held: Held): void {
    this.#held.delete(held.recipe.key);
    // One that runs is disposed of when its run ends.
    if (held.running === 0) held.traced.dispose();
  }

  #bytes(): number {
    let bytes = 0;
    for (const { traced } of this.#held.values()) bytes += traced.bytes;
    return bytes;
  }

  #infos(which: (held: Held) => boolean): GraphInfo[] {
    return [...this.#held.values()]
      .filter(which)
      .reverse()
      .map(({ recipe: { name, inputs }, traced: { bytes } }) => ({ name, inputs, bytes }));
  }
}

/** One function's part of a cache. */
export interface GraphOwner {
  /** The function for these shapes. */
  at(inputs: readonly TensorSpec[]): TracedFunction;
  graphs(): GraphInfo[];
  /** Disposes of this function's graphs. */
  dispose(): void;
}

import type { ComputeBackend } from '@tributary/engine';
import { specialIds, TributaryError } from '@tributary/protocol';
import type { TaskGraph } from '../task-functions.js';
import type { TaskParameters } from '../task-runs.js';
import { rowsOf, searchOf } from './choose-search.js';
import { type DecodingSize, decodingBatches, requireFit } from './decoding-batches.js';
import { type DecodingGraph, type DecodingShape, decodingGraph, type StepOutputs } from './decoding-graph.js';
import { stepsOf } from './hypothesis.js';
import type { DecodingOptions, Found, Search } from './search.js';
import type { RowScores } from './symbol-scores.js';

/** A source to generate for. */
export interface DecodingInput {
  readonly ids: Int32Array;
  /** Number of the source among those of its request. */
  readonly number: number;
  readonly options: DecodingOptions;
}

export interface DecodedOutput {
  /** Without `</s>`. */
  readonly ids: readonly number[];
  /** False: it was cut at `maxLength`. */
  readonly ended: boolean;
  /** Symbols, `</s>` included. */
  readonly symbols: number;
  /** log p(output | source) of the model alone, nats. */
  readonly logProbability: number;
  /** Of a beam with penalties; else `logProbability`. */
  readonly score: number;
  /** For each symbol its weights over the source's symbols, `</s>` included; null where they are not wanted. */
  readonly attention: readonly Float32Array[] | null;
}

/** Generates for sources of one task, each with options of its own. */
export interface Decoder {
  /** @throws TributaryError `TOO_LARGE` for a search that would not fit, whatever its source */
  check(options: DecodingOptions): void;
  /**
   * Outputs of each source, in order. What a source gives depends on its own ids, options and number alone.
   *
   * @throws TributaryError `TOO_LARGE` for a search that would not fit, `NON_FINITE` where the model's scores are not finite
   */
  decode(parameters: TaskParameters, inputs: readonly DecodingInput[]): Promise<readonly (readonly DecodedOutput[])[]>;
  dispose(): void;
}

/** Graphs that a decoder keeps when its backend keeps none. */
const mostShapes = 16;

export function decoderOf(graph: TaskGraph, task: string, backend: ComputeBackend): Decoder {
  /** Least recently used first. */
  const known = new Map<string, DecodingGraph>();
  const graphFor = (shape: DecodingShape): DecodingGraph => {
    const key = `${shape.rows}x${shape.source}x${shape.room}`;
    const found = known.get(key) ?? decodingGraph(graph, task, backend, shape);
    known.delete(key);
    known.set(key, found);
    const [oldest] = known;
    if (known.size > mostShapes && oldest !== undefined) {
      known.delete(oldest[0]);
      oldest[1].dispose();
    }
    return found;
  };
  const sizeOf = (source: number, options: DecodingOptions): DecodingSize => ({
    source,
    rows: rowsOf(options),
    room: graph.generator.carriesPositions ? options.maxLength : 0,
  });
  return {
    check: (options) => requireFit(sizeOf(1, options)),
    async decode(parameters, inputs) {
      const batches = decodingBatches(inputs.map(({ ids, options }) => sizeOf(ids.length, options)));
      const outputs: (readonly DecodedOutput[])[] = new Array(inputs.length);
      for (const batch of batches) {
        const own = batch.places.map((place) => inputs[place] as DecodingInput);
        const found = await decodeBatch(graphFor(batch.shape), parameters, own, task);
        for (const [index, place] of batch.places.entries()) outputs[place] = found[index] as DecodedOutput[];
      }
      return outputs;
    },
    dispose() {
      for (const each of known.values()) each.dispose();
      known.clear();
    },
  };
}

/** A source in its batch. */
interface Placed {
  readonly input: DecodingInput;
  readonly search: Search;
  readonly firstRow: number;
}

async function decodeBatch(
  graph: DecodingGraph,
  parameters: TaskParameters,
  inputs: readonly DecodingInput[],
  task: string,
): Promise<DecodedOutput[][]> {
  const { rows, source: length } = graph.shape;
  const source = new Int32Array(rows * length).fill(specialIds.pad);
  let firstRow = 0;
  const placed = inputs.map((input): Placed => {
    const one = { input, search: searchOf(input.options, input.number), firstRow };
    for (let row = firstRow; row < firstRow + one.search.rows; row++) source.set(input.ids, row * length);
    firstRow += one.search.rows;
    return one;
  });
  const run = await graph.begin(parameters, source);
  const symbols = new Int32Array(rows).fill(specialIds.start);
  const from = Int32Array.from({ length: rows }, (_, row) => row);
  let open: readonly Placed[] = placed;
  while (open.length > 0) {
    const outputs = await run.step(symbols, from);
    open = open.filter((one) => {
      const next = one.search.advance(scoresOf(one, outputs, length, task));
      next?.forEach((continuation, index) => {
        symbols[one.firstRow + index] = continuation.symbol;
        from[one.firstRow + index] = one.firstRow + continuation.from;
      });
      return next !== null;
    });
  }
  return placed.map(({ input, search }) => search.found().map((found) => outputOf(found, input.options.attention)));
}

function scoresOf(
  { input, search, firstRow }: Placed,
  outputs: StepOutputs,
  length: number,
  task: string,
): RowScores[] {
  const { logits, logNormalisers, attention } = outputs;
  const vocabulary = logits.length / logNormalisers.length;
  return Array.from({ length: search.rows }, (_, index): RowScores => {
    const row = firstRow + index;
    const logNormaliser = logNormalisers[row] as number;
    if (!Number.isFinite(logNormaliser))
      throw new TributaryError(
        'NON_FINITE',
        `The scores of task "${task}" are not finite: its training diverged; generate with a run that did not.`,
      );
    return {
      logits: logits.subarray(row * vocabulary, (row + 1) * vocabulary),
      logNormaliser,
      attention: input.options.attention ? attention.slice(row * length, row * length + input.ids.length) : null,
    };
  });
}

function outputOf({ hypothesis, score }: Found, wantsAttention: boolean): DecodedOutput {
  const steps = stepsOf(hypothesis);
  const ended = steps.at(-1)?.symbol === specialIds.end;
  return {
    ids: (ended ? steps.slice(0, -1) : steps).map(({ symbol }) => symbol),
    ended,
    symbols: steps.length,
    logProbability: hypothesis.logProbability,
    score,
    attention: wantsAttention ? steps.map(({ attention }) => attention as Float32Array) : null,
  };
}

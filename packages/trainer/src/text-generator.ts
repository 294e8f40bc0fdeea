import { type Checkpoint, loadCheckpoint } from '@tributary/checkpoints';
import type { RunFile } from '@tributary/config';
import { decodeIds, encodeText, type TextCodec } from '@tributary/datasets';
import { type ComputeBackend, GraphCache } from '@tributary/engine';
import type { DecodedOutput, Decoder, DecodingInput, SequenceModel } from '@tributary/models';
import {
  type AttentionDocument,
  type GeneratedSource,
  type GenerateRequest,
  type ObjectStore,
  type PreparedRun,
  type PreparedTask,
  specialSymbols,
  TributaryError,
} from '@tributary/protocol';
import { fetchTokenizers } from './load-splits.js';
import { modelOf, specOf, taskOf } from './prepared-model.js';
import { storedParameters } from './stored-parameters.js';
import { type TextCodecs, textCodecs } from './text-codecs.js';

export type TextRequest = Pick<GenerateRequest, 'task' | 'sources' | 'options'>;

/** A request whose texts were read. */
export interface EncodedRequest extends TextRequest {
  readonly inputs: readonly DecodingInput[];
  readonly text: TextCodecs;
}

type Objects = Pick<ObjectStore, 'get'>;

interface Deps {
  readonly objects: Objects;
  readonly backend: ComputeBackend;
}

/** Two graphs for each of so many shapes. */
const mostGraphs = 48;

/** Generates texts with a committed checkpoint. Graphs and parameters stay from one request to the next. */
export class TextGenerator {
  readonly #prepared: PreparedRun;
  readonly #checkpoint: Checkpoint;
  readonly #spec: RunFile;
  readonly #model: SequenceModel;
  readonly #objects: Objects;
  readonly #backend: GraphCache;
  #shared: Float32Array | null = null;
  readonly #parameters = new Map<string, Float32Array>();
  readonly #texts = new Map<string, TextCodecs>();
  readonly #decoders = new Map<string, Decoder>();

  /** @throws TributaryError `CHECKPOINT_NOT_FOUND`, `CHECKPOINT_CORRUPT`, `OBJECT_NOT_FOUND` */
  static async open(
    { preparedKey, checkpointKey }: Pick<GenerateRequest, 'preparedKey' | 'checkpointKey'>,
    { objects, backend }: Deps,
  ): Promise<TextGenerator> {
    const prepared = JSON.parse(new TextDecoder().decode(await objects.get(preparedKey))) as PreparedRun;
    return new TextGenerator(prepared, await loadCheckpoint(objects, checkpointKey), { objects, backend });
  }

  private constructor(prepared: PreparedRun, checkpoint: Checkpoint, { objects, backend }: Deps) {
    this.#prepared = prepared;
    this.#checkpoint = checkpoint;
    this.#spec = specOf(prepared);
    this.#model = modelOf(prepared, this.#spec);
    this.#objects = objects;
    this.#backend = new GraphCache(backend, { maxGraphs: mostGraphs });
  }

  /** Of the checkpoint. */
  get step(): number {
    return this.#checkpoint.manifest.step;
  }

  /** Tasks that read text and put text out. */
  get tasks(): readonly string[] {
    return Object.keys(this.#prepared.tasks).filter((name) => !hasVectors(taskOf(this.#prepared, name)));
  }

  /**
   * Reads the texts of a request.
   * @throws TributaryError `TASK_NOT_FOUND`, `DATA_INVALID` for a task of vectors or a text that it cannot read, `TOO_LARGE`
   */
  async encode(request: TextRequest): Promise<EncodedRequest> {
    const text = await this.#text(request.task);
    const { options } = request;
    const { source: longest, target } = this.#spec.lengths;
    const decoding = { ...options, maxLength: options.maxLength ?? target + 1 };
    this.#decoder(request.task).check(decoding);
    const inputs = request.sources.map((source, index): DecodingInput => {
      const { ids } = encodeText(text.source, source, longest);
      return { ids, number: options.firstSource + index, options: decoding };
    });
    return { ...request, inputs, text };
  }

  /** Reads the tokenizers and the parameters of a task, once. */
  async load(task: string): Promise<void> {
    await this.#text(task);
    await this.#parametersOf(task);
  }

  async #parametersOf(task: string): Promise<{ readonly shared: Float32Array; readonly task: Float32Array }> {
    this.#shared ??= storedParameters(await this.#checkpoint.part('shared'), this.#model.sharedLayout);
    const { layout } = this.#model.task(task);
    const own = this.#parameters.get(task) ?? storedParameters(await this.#checkpoint.part(`task-${task}`), layout);
    this.#parameters.set(task, own);
    return { shared: this.#shared, task: own };
  }

  /** Outputs of each request in order. Sources of one task share batches; what each gives does not depend on the others. */
  async generate(requests: readonly EncodedRequest[]): Promise<readonly (readonly GeneratedSource[])[]> {
    const results: GeneratedSource[][] = requests.map(() => []);
    for (const task of new Set(requests.map((request) => request.task))) {
      const own = requests.flatMap((request, index) =>
        request.task === task ? request.inputs.map((input, place) => ({ request, index, input, place })) : [],
      );
      const decoded = await this.#decoder(task).decode(
        await this.#parametersOf(task),
        own.map(({ input }) => input),
      );
      for (const [each, { request, index, input, place }] of own.entries())
        results[index]?.push(document(request.text, request.sources[place] as string, input, decoded[each] ?? []));
    }
    return results;
  }

  dispose(): void {
    for (const decoder of this.#decoders.values()) decoder.dispose();
    this.#backend.dispose();
  }

  #decoder(task: string): Decoder {
    const decoder = this.#decoders.get(task) ?? this.#model.task(task).decoder(this.#backend);
    this.#decoders.set(task, decoder);
    return decoder;
  }

  async #text(name: string): Promise<TextCodecs> {
    const known = this.#texts.get(name);
    if (known !== undefined) return known;
    const task = taskOf(this.#prepared, name);
    if (hasVectors(task)) throw this.#refusal(name, task);
    const read = textCodecs(this.#prepared, name, await fetchTokenizers(this.#prepared, name, this.#objects));
    this.#texts.set(name, read);
    return read;
  }

  #refusal(name: string, task: PreparedTask): TributaryError {
    return new TributaryError(
      'DATA_INVALID',
      `Task "${name}" ${task.targetFeatures === undefined ? 'reads' : 'puts out'} vectors, and generate takes and gives text; look at its examples with: npx tributary runs show ${this.#prepared.run}`,
    );
  }
}

const hasVectors = ({ sourceFeatures, targetFeatures }: PreparedTask): boolean =>
  sourceFeatures !== undefined || targetFeatures !== undefined;

function document(
  text: TextCodecs,
  source: string,
  { ids }: DecodingInput,
  decoded: readonly DecodedOutput[],
): GeneratedSource {
  const outputs = decoded.map(({ ids: output, logProbability, score, symbols, ended }) => ({
    text: decodeIds(text.target, output),
    ...{ logProbability, score, symbols, ended },
  }));
  const [first] = decoded;
  const attention = first?.attention ? attentionDocument(text, ids, first, first.attention) : undefined;
  return { source, generated: outputs[0]?.text ?? '', outputs, ...(attention === undefined ? {} : { attention }) };
}

function attentionDocument(
  text: TextCodecs,
  source: Int32Array,
  { ids, ended }: DecodedOutput,
  rows: readonly Float32Array[],
): AttentionDocument {
  const label = (id: number, codec: TextCodec): string => decodeIds(codec, [id]);
  return {
    source: Array.from(source, (id) => label(id, text.source)),
    output: [...ids.map((id) => label(id, text.target)), ...(ended ? [specialSymbols[2]] : [])],
    weights: rows.map((row) => Array.from(row, (weight) => Number(weight.toPrecision(6)))),
  };
}

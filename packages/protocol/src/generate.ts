/** How outputs are looked for. */
export type SearchOptions =
  /** The most likely symbol at each step. */
  | { readonly kind: 'greedy' }
  | {
      /** The most likely outputs that a beam of hypotheses finds. */
      readonly kind: 'beam';
      /** Hypotheses that are followed. */
      readonly width: number;
      /** α of GNMT's length penalty: a score is log p(Y) / ((5 + |Y|) / 6)^α, |Y| with `</s>`. 0: none. */
      readonly lengthPenalty: number;
    }
  | {
      /** Drawn symbol by symbol. */
      readonly kind: 'sample';
      /** Logits are divided by it. */
      readonly temperature: number;
      /** Draw from so many of the most likely symbols; null: all. */
      readonly topK: number | null;
      /** Draw from the fewest most likely symbols that have this share of the probability together; 1: all. */
      readonly topP: number;
      readonly seed: number;
    };

/** What is asked of generation; the schema with defaults is `generateOptionsSchema` of `@tributary/config`. */
export interface GenerateOptions {
  readonly search: SearchOptions;
  /** Longest output in symbols, `</s>` included; null: the run's `lengths.target` and one. */
  readonly maxLength: number | null;
  /** Outputs of each source: the best of a beam, or so many draws. */
  readonly nBest: number;
  /** Logits of symbols that an output already has are divided by it where above 0, multiplied elsewhere; 1: none. */
  readonly repetitionPenalty: number;
  /** Whether the attention of each source's first output is wanted. */
  readonly attention: boolean;
  /** Number of the first source among all: with the seed it names the random stream of each, so that a list may come in parts. */
  readonly firstSource: number;
}

export interface GeneratedOutput {
  readonly text: string;
  /** log p(output | source) of the model as it was trained, nats: no temperature, no penalty. */
  readonly logProbability: number;
  /** By what outputs of a beam are ranked; else `logProbability`. */
  readonly score: number;
  /** Symbols, `</s>` included. */
  readonly symbols: number;
  /** False: it was cut at `maxLength`. */
  readonly ended: boolean;
}

/** What a generator read at each step. */
export interface AttentionDocument {
  /** Symbols of the source. */
  readonly source: readonly string[];
  /** Symbols of the output, `</s>` included where it ended. */
  readonly output: readonly string[];
  /** A row for each symbol of the output, over those of the source; a row sums to 1. */
  readonly weights: readonly (readonly number[])[];
}

export interface GeneratedSource {
  readonly source: string;
  /** Text of the first output. */
  readonly generated: string;
  /** Best first; draws in the order of drawing. */
  readonly outputs: readonly GeneratedOutput[];
  /** Left out where it was not asked for. */
  readonly attention?: AttentionDocument;
}

/** Request to any agent (queue group) to generate with a committed checkpoint; JSON over NATS request/reply. */
export interface GenerateRequest {
  readonly run: string;
  readonly preparedKey: string;
  readonly checkpointKey: string;
  readonly task: string;
  readonly sources: readonly string[];
  readonly options: GenerateOptions;
}

export type GenerateReply =
  | {
      readonly ok: true;
      readonly outputs: readonly GeneratedSource[];
      readonly step: number;
      readonly worker: string;
    }
  | { readonly ok: false; readonly code: string; readonly message: string };

/** `GET /v1/runs/:run/model`: where the newest checkpoint of a run lies, and what a process needs to generate with it. */
export interface ModelDocument {
  readonly run: string;
  /** Of the checkpoint. */
  readonly step: number;
  /** Keys that `GET /v1/runs/:run/objects` gives. */
  readonly preparedKey: string;
  readonly checkpointKey: string;
}

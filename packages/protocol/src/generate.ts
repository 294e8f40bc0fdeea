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

/** Request to any agent (queue group) to generate with a committed checkpoint; JSON over NATS request/reply. */
export interface GenerateRequest {
  readonly run: string;
  readonly preparedKey: string;
  readonly checkpointKey: string;
  readonly task: string;
  readonly sources: readonly string[];
  readonly maxLength: number | null;
}

export type GenerateReply =
  | {
      readonly ok: true;
      readonly outputs: readonly { readonly source: string; readonly generated: string }[];
      readonly step: number;
      readonly worker: string;
    }
  | { readonly ok: false; readonly code: string; readonly message: string };

import type { RunId } from './ids.js';
import type { InitReport } from './init-report.js';
import type { Lane } from './lanes.js';

/**
 * What `prepare` makes of a run file: everything that a worker needs to train, content-addressed in the object store.
 * The run file itself (with all defaults filled in) is `spec`, typed by `@tributary/config`'s `RunFile`.
 */
export interface PreparedRun {
  readonly format: 'tributary-prepared/1';
  readonly run: RunId;
  readonly spec: unknown;
  readonly lanes: readonly Lane[];
  /** Symbols that sources share, ids in order. Ids 0..3 are `<pad> <s> </s> <unk>`. */
  readonly sourceVocabulary: readonly string[];
  readonly tasks: Readonly<Record<string, PreparedTask>>;
  /** Parameters that the run begins with in place of random ones; left out: none. */
  readonly init?: PreparedInit;
  /** What the data came from, for lineage: name → version and SHA-256. */
  readonly sources: Readonly<Record<string, string>>;
}

export interface PreparedInit {
  /** Object key (`data/<sha256>`) of a safetensors file of f32 tensors by parameter: `shared/<name>`, `task-<task>/<name>`. */
  readonly key: string;
  readonly sha256: string;
  readonly report: InitReport;
}

export interface PreparedTask {
  /** Symbols of this task's targets. Ids 0..3 are `<pad> <s> </s> <unk>`. */
  readonly targetVocabulary: readonly string[];
  /** Numbers in each vector of a source; left out: sources are symbols. */
  readonly sourceFeatures?: number;
  /** Numbers in each vector of a target; left out: targets are symbols. */
  readonly targetFeatures?: number;
  /** Object keys (`data/<sha256>`) of the encoded splits. */
  readonly splits: Readonly<
    Record<
      'train' | 'validation' | 'test',
      { readonly key: string; readonly sha256: string; readonly examples: number }
    >
  >;
  /** Mean tokens of a training pair, source and target; left out by earlier versions. */
  readonly meanTokens?: number;
  /** Over-long examples refused or truncated, counted by split. */
  readonly overlong: Readonly<Record<'train' | 'validation' | 'test', number>>;
  /** How to join symbols into text: '' for letters, ' ' for phones and words; a tokenizer joins its own. */
  readonly sourceJoin: string;
  readonly targetJoin: string;
  /** How to split text into symbols: at `characters` or `whitespace`, or by the side's `tokenizer`. */
  readonly sourceSplit: 'characters' | 'whitespace' | 'tokenizer';
  readonly targetSplit: 'characters' | 'whitespace' | 'tokenizer';
  /** The `tokenizer.json` of each side that has a tokenizer. Its symbols, as people read them, are the side's vocabulary. */
  readonly sourceTokenizer?: StoredObject;
  readonly targetTokenizer?: StoredObject;
}

/** A content-addressed object: `data/<sha256>`. */
export interface StoredObject {
  readonly key: string;
  readonly sha256: string;
}

/** Id of each special symbol in every vocabulary. */
export const specialIds = { pad: 0, start: 1, end: 2, unknown: 3 } as const;
export const specialSymbols = ['<pad>', '<s>', '</s>', '<unk>'] as const;

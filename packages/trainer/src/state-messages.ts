import type { Tensors } from '@tributary/checkpoints';

/** A part of the state at one step: tensors that nobody changes any more. */
export interface StatePart {
  /** `shared`, `task-<name>` or `lane-<index>`. */
  readonly part: string;
  readonly tensors: Tensors;
}

/** Metadata of a part's file, which say what the file is for. */
export type Metadata = Readonly<Record<string, string>>;

/** Asks the state thread for files of one part, one for each metadata. */
export interface EncodeRequest {
  readonly tensors: Tensors;
  readonly files: readonly Metadata[];
}

export interface EncodedFile {
  readonly bytes: Uint8Array;
  readonly sha256: string;
  readonly stateHash: string;
}

/** Answers come in the order of the requests. */
export type EncodeReply =
  | {
      readonly kind: 'encoded';
      readonly files: readonly EncodedFile[];
      /** Of the tensors, for the next copies. */
      readonly buffers: readonly ArrayBuffer[];
    }
  | { readonly kind: 'failed'; readonly message: string };

/** A part's file, as soon as the state thread has made it. */
export interface PartFile {
  readonly part: string;
  readonly file: Promise<EncodedFile>;
}

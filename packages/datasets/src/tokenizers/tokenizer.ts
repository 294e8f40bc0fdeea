/** Cuts text into ids of its vocabulary, and makes text of them again. Ids 0 to 3 are `<pad> <s> </s> <unk>`. */
export interface Tokenizer {
  /** The symbol of each id as people read it. */
  readonly vocabulary: readonly string[];
  /** @param text without lone surrogates. @returns no special id but that of `<unk>` */
  encode(text: string): number[];
  /** @param ids no special ones */
  decode(ids: readonly number[]): string;
}

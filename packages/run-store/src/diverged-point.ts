/** A redone value that differs, bit for bit, from the recorded one; of a matrix, its first. State hashes are texts. */
export interface DivergedPoint {
  readonly run: string;
  readonly subject: string;
  readonly series: string;
  readonly step: number;
  readonly generation: number;
  readonly attempt: number;
  readonly recorded: number | string;
  readonly redone: number | string;
}

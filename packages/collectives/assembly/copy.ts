/** As `TypedArray.prototype.set`, which between shared memories copies byte by byte where the alignments differ. */
export function copy(target: usize, source: usize, bytes: usize): void {
  memory.copy(target, source, bytes);
}

import type { RandomStream } from '@tributary/random';

/** Changes a text in a few places: takes pieces out, repeats or moves them, and puts pieces of `alphabet` in. */
export function mutateText(stream: RandomStream, text: string, alphabet: readonly string[]): string {
  let mutant = text;
  for (let change = 0; change <= stream.below(3); change += 1) {
    const from = stream.below(mutant.length + 1);
    const to = Math.min(mutant.length, from + stream.below(6));
    const [before, piece, after] = [mutant.slice(0, from), mutant.slice(from, to), mutant.slice(to)];
    const added = alphabet[stream.below(alphabet.length)] ?? '';
    const changed = [
      before + after,
      before + piece + piece + after,
      before + added + after,
      before + added + piece + after,
      piece + before + after,
    ];
    mutant = changed[stream.below(changed.length)] ?? '';
  }
  return mutant;
}

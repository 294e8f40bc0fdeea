/** Above every token id: a pair of ids is one number. */
const idBound = 2 ** 21;

/** The pair of two token ids as one number; in the order of the left, then of the right id. */
export function pairOf(left: number, right: number): number {
  return left * idBound + right;
}

export function idsOfPair(pair: number): readonly [left: number, right: number] {
  return [Math.floor(pair / idBound), pair % idBound];
}

/**
 * Places of the largest values above -Infinity, largest first, the lower place first among equals.
 *
 * @param count most that are wanted
 */
export function largest(values: ArrayLike<number>, count: number): number[] {
  const places: number[] = [];
  let least = Number.NEGATIVE_INFINITY;
  for (let place = 0; place < values.length; place++) {
    const value = values[place] as number;
    if (!(value > least)) continue;
    let at = places.length;
    while (at > 0 && (values[places[at - 1] as number] as number) < value) at--;
    places.splice(at, 0, place);
    if (places.length > count) places.pop();
    if (places.length === count) least = values[places[count - 1] as number] as number;
  }
  return places;
}

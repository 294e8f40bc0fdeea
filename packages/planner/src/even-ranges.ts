/** A choice of ranges: the cost of the largest, and the sum of squares of all, which breaks ties towards even ones. */
interface Choice {
  readonly largest: number;
  readonly squares: number;
  /** Length of the first range. */
  readonly first: number;
  readonly rest: Choice | null;
}

/**
 * Cuts 0, 1, …, n - 1 into `count` contiguous ranges, none empty, with the largest cost as small as can be; among equals the
 * most even, then those with longer ranges in front.
 * @param count at most the number of costs
 */
export function evenRanges(costs: readonly number[], count: number): number[][] {
  if (count === 0) return [];
  // choices[i]: the best way to cut costs i.. into the number of ranges reached so far.
  let choices: (Choice | null)[] = costs.map((_, start) =>
    choiceOf(rangeCost(costs, start, costs.length), costs.length - start, null),
  );
  for (let ranges = 2; ranges <= count; ranges++) {
    const fewer = choices;
    choices = costs.map((_, start) => {
      let best: Choice | null = null;
      for (let end = costs.length - ranges + 1; end > start; end--) {
        const rest = fewer[end] ?? null;
        if (rest === null) continue;
        const choice = choiceOf(rangeCost(costs, start, end), end - start, rest);
        if (best === null || better(choice, best)) best = choice;
      }
      return best;
    });
  }
  const ranges: number[][] = [];
  let start = 0;
  for (let choice = choices[0] ?? null; choice !== null; choice = choice.rest) {
    const from = start;
    ranges.push(Array.from({ length: choice.first }, (_, index) => from + index));
    start += choice.first;
  }
  return ranges;
}

function rangeCost(costs: readonly number[], start: number, end: number): number {
  let sum = 0;
  for (let index = start; index < end; index++) sum += costs[index] as number;
  return sum;
}

function choiceOf(cost: number, first: number, rest: Choice | null): Choice {
  return { largest: Math.max(cost, rest?.largest ?? 0), squares: cost * cost + (rest?.squares ?? 0), first, rest };
}

function better(a: Choice, b: Choice): boolean {
  return a.largest < b.largest || (a.largest === b.largest && a.squares < b.squares);
}

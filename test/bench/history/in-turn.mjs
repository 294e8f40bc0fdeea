import { median } from '../shared/quartiles.mjs';

const warmUps = 2;

/**
 * Milliseconds of each side's call, after two that warm it: the sides take turns, and take turns at being first. Each gets what
 * its server sent; `parse` makes a document of the last, outside of the time.
 */
export async function inTurn(rounds, ours, theirs, parse = (sent) => sent) {
  const sides = [ours, theirs];
  const last = [];
  const times = [[], []];
  for (let round = -warmUps; round < rounds; round++)
    for (const side of round % 2 === 0 ? [0, 1] : [1, 0]) {
      const began = performance.now();
      last[side] = await sides[side]();
      if (round >= 0) times[side].push(performance.now() - began);
    }
  return { ...spread(times[0]), ...spread(times[1], 'mlflow_'), rounds, results: last.map(parse) };
}

/** Median, least and most. */
export function spread(times, prefix = '', unit = 'ms') {
  return {
    [`${prefix}${unit}`]: median(times),
    [`${prefix}${unit}_min`]: Math.min(...times),
    [`${prefix}${unit}_max`]: Math.max(...times),
  };
}

import type { CombinerSpec } from '@tributary/config';
import type { Combiner, CombinerInput } from '../combiner.js';
import { alignedMtl } from './aligned-mtl.js';
import { cagrad } from './cagrad.js';
import { dbMtl } from './db-mtl.js';
import { dwa } from './dwa.js';
import { famo } from './famo.js';
import { gradnorm } from './gradnorm.js';
import { gradvac } from './gradvac.js';
import { imtlG } from './imtl-g.js';
import { imtlL } from './imtl-l.js';
import { mgda } from './mgda.js';
import { nashMtl } from './nash-mtl.js';
import { pcgrad } from './pcgrad.js';
import { stch } from './stch.js';
import { uncertainty } from './uncertainty.js';
import { upgrad } from './upgrad.js';
import { weightedCombiner } from './weighted.js';

/** What a combiner takes from the run beside its own parameters. */
export interface CombinerContext {
  /** [T], above 0; only `weighted`, `cagrad`, `aligned-mtl` and `upgrad` look at them. */
  readonly taskWeights: readonly number[];
  /** Decides the order of projections in `pcgrad` and `gradvac`. */
  readonly seed: number;
}

/**
 * The combiner of a run file (see {@link Combiner} for the kinds). Of every kind: where an inner product or a loss, or what the
 * formula makes of them, is not finite, all weights are NaN and the state stays as it was, so that the step is skipped; one task
 * alone has the weight 1, and a state moves as ever.
 */
export function createCombiner(spec: CombinerSpec, context: CombinerContext): Combiner {
  const combine = ofKind(spec, context);
  return (input) => {
    const failed = { weights: new Float64Array(input.tasks.length).fill(Number.NaN), state: input.state };
    if (!allFinite(input)) return failed;
    const { weights, state } = combine(input);
    if (!weights.every(Number.isFinite)) return failed;
    if (!Object.values(state).every((values) => values.every(Number.isFinite))) return failed;
    return { weights: input.tasks.length === 1 ? Float64Array.of(1) : weights, state };
  };
}

function ofKind(spec: CombinerSpec, { taskWeights, seed }: CombinerContext): Combiner {
  switch (spec.kind) {
    case 'weighted':
      return weightedCombiner(taskWeights);
    case 'pcgrad':
      return pcgrad(seed);
    case 'gradvac':
      return gradvac(spec.beta, seed);
    case 'mgda':
      return mgda;
    case 'cagrad':
      return cagrad(spec.c, taskWeights);
    case 'imtl-g':
      return imtlG;
    case 'aligned-mtl':
      return alignedMtl(spec.scale, taskWeights);
    case 'nash-mtl':
      return nashMtl;
    case 'upgrad':
      return upgrad(taskWeights);
    case 'gradnorm':
      return gradnorm(spec.alpha, spec.lr);
    case 'db-mtl':
      return dbMtl;
    case 'uncertainty':
      return uncertainty(spec.lr);
    case 'dwa':
      return dwa(spec.temperature, spec.window);
    case 'imtl-l':
      return imtlL(spec.lr);
    case 'stch':
      return stch(spec.mu);
    case 'famo':
      return famo(spec.lr, spec.decay);
  }
}

const allFinite = ({ gram, losses }: CombinerInput): boolean =>
  gram.every(Number.isFinite) && losses.every(Number.isFinite);

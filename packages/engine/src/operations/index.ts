export { type LayerNorm, type LayerNormGradients, layerNorm } from './layer-norm.js';
export { randomMask, randomUniform } from './random-mask.js';
export { type SparseCrossEntropy, sparseCrossEntropy } from './sparse-cross-entropy.js';

export { addBias } from './add-bias.js';
export { type LayerNorm, type LayerNormGradients, layerNorm } from './layer-norm.js';
export { linear } from './linear.js';
export { randomMask, randomUniform } from './random-mask.js';
export { reluGradient } from './relu-gradient.js';
export { type SparseCrossEntropy, sparseCrossEntropy } from './sparse-cross-entropy.js';
export { timesTransposed, transposedFactor } from './transposed-products.js';

/** What tests of other packages and the compliance suite of backends use; no part of a program does. */
export { openTensorflowEager } from './tensorflow/tensorflow-backend.js';
export { arrayCases } from './testing/array-cases.js';
export { compositeCases } from './testing/composite-cases.js';
export { elementwiseCases } from './testing/elementwise-cases.js';
export { drawInputs, gradientOf, type InputCase, type OperationCase } from './testing/operation-cases.js';
export { productCases } from './testing/product-cases.js';
export { reductionCases } from './testing/reduction-cases.js';
export { type SequenceFunction, type SequenceSizes, sequenceFunction } from './testing/sequence-function.js';

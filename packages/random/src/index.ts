export { fillPhilox, philox } from './philox.js';
export { type RandomStream, randomStream, shuffle } from './random-stream.js';

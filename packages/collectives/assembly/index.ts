export { decodeBf16, encodeBf16 } from './bf16';
export { allFinite } from './finite';
export { innerProducts } from './inner-products';
export { copy } from './copy';
export { decodeInt8, encodeInt8 } from './int8';
export { combine, mean, scale } from './sums';

export { corpusBleu } from './bleu.js';
export { corpusChrf2 } from './chrf.js';
export { distinct } from './distinct.js';
export { exactMatch } from './exact-match.js';
export { hitsAt } from './hits.js';
export { perplexity } from './perplexity.js';
export { type RougeKind, rouge } from './rouge.js';

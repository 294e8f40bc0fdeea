import type { ModelSpec } from '@tributary/config';
import type { Attention } from './attention.js';
import { bahdanauAttention } from './bahdanau-attention.js';
import { luongAttention } from './luong-attention.js';

/** The attention that a run file asks for. */
export const attentionOf = (
  spec: ModelSpec['attention'],
  sizes: { readonly memory: number; readonly hidden: number },
): Attention =>
  spec.kind === 'bahdanau'
    ? bahdanauAttention({ memory: sizes.memory, size: spec.size ?? sizes.hidden, normalize: spec.normalize })
    : luongAttention(sizes);

import { gruCell } from './gru-cell.js';
import { lstmCell } from './lstm-cell.js';
import type { Cell } from './recurrent-cell.js';

/** The cell of a recurrent encoder or generator. */
export const cellOf = (kind: 'gru' | 'lstm'): Cell => (kind === 'gru' ? gruCell : lstmCell);

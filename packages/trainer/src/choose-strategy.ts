import type { RunFile } from '@tributary/config';
import type { SequenceModel } from '@tributary/models';
import type { Lane } from '@tributary/protocol';
import { allReduce } from './all-reduce.js';
import { Diloco } from './diloco.js';
import type { SyncStrategy } from './sync-strategy.js';

/** The strategy that a run file asks for. @param hosted the lanes of this member */
export function chooseStrategy(spec: RunFile, hosted: readonly Lane[], model: SequenceModel): SyncStrategy {
  return spec.sync.strategy === 'diloco' ? new Diloco(spec.sync, spec, hosted, model) : allReduce(spec);
}

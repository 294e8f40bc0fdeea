import type { GenerationDocument } from '@tributary/protocol';
import { freeWorkersFor } from '@tributary/run-store';
import type { OrchestratorParts } from './orchestrator-parts.js';

/** Why a generation's lanes should move: to fewer workers, or to more that the run may have. Null where they should not. */
export async function moveOffered(
  { db, supervisionLimits }: Pick<OrchestratorParts, 'db' | 'supervisionLimits'>,
  { run, generation, members }: Pick<GenerationDocument, 'run' | 'generation' | 'members'>,
  wanted: number,
): Promise<string | null> {
  if (members.length > wanted) return `the run is to have ${wanted} of its ${members.length} workers`;
  if (members.length === wanted) return null;
  const aliveAfter = new Date(Date.now() - supervisionLimits.silenceMs);
  const free = await freeWorkersFor(db, run, wanted, { generation, aliveAfter });
  if (free.length === 0) return null;
  return free.length === 1 ? `worker ${free[0]} is free` : `workers ${free.join(', ')} are free`;
}

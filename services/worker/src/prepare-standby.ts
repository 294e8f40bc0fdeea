import type { GenerationDocument } from '@tributary/protocol';
import { warmCompute } from '@tributary/trainer';
import type { TrainerSession } from './trainer-session.js';

/** Opens the backend and the data, and compiles the graphs, of one member's lanes. */
export async function prepareStandby(
  session: TrainerSession,
  document: GenerationDocument,
  member: number,
): Promise<void> {
  const { environment, objects, compute } = session;
  const { backend, device } = environment;
  const prepared = await session.prepared(document.preparedKey);
  await warmCompute({ document, member, prepared, backend, device }, { objects, compute });
}

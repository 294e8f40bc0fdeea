import { type Db, newestGeneration, recordGeneration } from '@tributary/run-store';
import type { AttemptRef } from '@tributary/workflows';
import type { GenerationDocuments } from './generation-documents.js';

/**
 * Records the generation of an attempt's document, where its workflow has not come to it: before slots are given back, their
 * leases must say which trainers may live there.
 */
export async function recordStanding(
  db: Db,
  generations: GenerationDocuments,
  { run, attempt }: AttemptRef,
): Promise<void> {
  const document = (await generations.read(run))?.document;
  if (document?.attempt !== attempt || (await newestGeneration(db, run)) >= document.generation) return;
  const { generation, members, resume, openedAtMs } = document;
  const opened = openedAtMs === undefined ? {} : { openedAt: new Date(openedAtMs) };
  await recordGeneration(db, { run, attempt, generation, members, resumeStep: resume.step, reason: null, ...opened });
}

import type { NatsConnection } from '@nats-io/transport-node';
import type { NatsNames, RunId, SnapshotInventory, SnapshotPart, SnapshotRequest, WorkerId } from '@tributary/protocol';
import { checkAnswer } from './snapshot-messages.js';
import { checkSnapshotPart } from './snapshot-ref.js';

export interface InventoryGathering {
  readonly connection: NatsConnection;
  readonly names: NatsNames;
  readonly run: RunId;
  readonly workers: readonly WorkerId[];
  readonly timeoutMs: number;
}

/** What each worker holds of a run; those that do not answer in time, or only with an error, are left out. Never throws. */
export async function gatherInventories(gathering: InventoryGathering): Promise<SnapshotInventory[]> {
  const { connection, names, run, workers, timeoutMs: timeout } = gathering;
  const request: SnapshotRequest = { kind: 'inventory', run };
  const answers = await Promise.all(
    [...new Set(workers)].map(async (worker): Promise<SnapshotInventory | null> => {
      try {
        const answer = await connection.request(names.snapshots(worker), JSON.stringify(request), { timeout });
        checkAnswer(answer);
        const { parts } = answer.json<{ readonly parts: readonly SnapshotPart[] }>();
        for (const part of parts) checkSnapshotPart(part);
        return { worker, parts: parts.filter((part) => part.run === run) };
      } catch {
        return null;
      }
    }),
  );
  return answers.filter((inventory) => inventory !== null);
}

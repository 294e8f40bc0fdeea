import { fetchSnapshotPart, type SnapshotFetch } from './fetch-snapshot-part.js';
import type { SnapshotFolder } from './snapshot-folder.js';

/**
 * A part's file from the worker's own folder where that holds this state, else from a holder.
 * @throws TributaryError `SNAPSHOT_LOST` where neither has it whole; the signal's reason once aborted.
 */
export async function takeSnapshotPart(folder: SnapshotFolder, fetch: SnapshotFetch): Promise<Uint8Array> {
  const { part } = fetch;
  const own = (await folder.list(part.run)).find(
    ({ generation, step, part: name }) => generation === part.generation && step === part.step && name === part.part,
  );
  // Its metadata may differ from the holders' files; its state may not. A file that cannot be read now is dropped or gone.
  const bytes = own?.stateHash === part.stateHash ? await folder.read(own).catch(() => null) : null;
  return bytes ?? fetchSnapshotPart(fetch);
}

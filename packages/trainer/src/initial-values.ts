import { createHash } from 'node:crypto';
import { decodeSafetensors } from '@tributary/checkpoints';
import type { FlatLayout } from '@tributary/layout';
import { type ObjectStore, type PreparedInit, TributaryError } from '@tributary/protocol';

/** A part of the state: `shared`, `task-<name>`, its layout, and the values that it begins with. */
export interface InitialPart {
  readonly part: string;
  readonly layout: FlatLayout;
  readonly values: Float32Array;
}

/**
 * Sets what a prepared run's `init` gives; other parameters keep the values that they have.
 * @throws TributaryError `DATA_INVALID` for bytes that are not those of the prepared run
 */
export async function applyInit(
  init: PreparedInit,
  parts: readonly InitialPart[],
  objects: ObjectStore,
): Promise<void> {
  const bytes = await objects.get(init.key);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (sha256 !== init.sha256)
    throw new TributaryError(
      'DATA_INVALID',
      `The initial values (${init.key}) have hash ${sha256}; launch the run again to prepare them anew.`,
    );
  const { tensors } = decodeSafetensors(bytes, 'The initial values');
  for (const { part, layout, values } of parts)
    for (const { name, size, offset } of layout.entries) {
      const data = tensors[`${part}/${name}`]?.data;
      if (data instanceof Float32Array && data.length === size) values.set(data, offset);
    }
}

import { createHash } from 'node:crypto';
import { dataKey, type FileDocument, type ObjectStore, TributaryError } from '@tributary/protocol';

/**
 * Stores an upload under its SHA-256; the same bytes again change nothing.
 * @throws TributaryError `TOO_LARGE` as soon as more than `maxBytes` have come, `DATA_INVALID` for an empty file
 */
export async function storeUpload(
  bytes: AsyncIterable<Uint8Array>,
  maxBytes: number,
  objects: ObjectStore,
): Promise<FileDocument> {
  const hash = createHash('sha256');
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of bytes) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) throw tooLarge(maxBytes);
    hash.update(chunk);
    chunks.push(chunk);
  }
  if (sizeBytes === 0) throw new TributaryError('DATA_INVALID', 'The uploaded file is empty; give at least one pair.');
  const sha256 = hash.digest('hex');
  const key = dataKey(sha256);
  if (!(await objects.has(key))) await objects.put(key, Buffer.concat(chunks));
  return { key, sha256, sizeBytes };
}

export function tooLarge(maxBytes: number): TributaryError {
  return new TributaryError(
    'TOO_LARGE',
    `A data file is at most ${Math.floor(maxBytes / 1024 / 1024)} MiB; use fewer pairs, or split them over several tasks.`,
  );
}

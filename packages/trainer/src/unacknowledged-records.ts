import { decodeRunRecord, encodeRunRecord, type RunRecord } from '@tributary/protocol';
import type { Metadata } from './state-messages.js';

const key = 'records';

/** Metadata of a snapshot's part that carry records, one to a line. */
export function recordsMetadata(records: readonly RunRecord[]): Metadata {
  if (records.length === 0) return {};
  return { [key]: records.map((record) => new TextDecoder().decode(encodeRunRecord(record))).join('\n') };
}

/** The records that {@link recordsMetadata} wrote. @throws TributaryError `DATA_INVALID` */
export function recordsIn(metadata: Metadata): RunRecord[] {
  const text = metadata[key];
  return text ? text.split('\n').map((line) => decodeRunRecord(new TextEncoder().encode(line))) : [];
}

import { isAbsolute } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { NatsConnection } from '@nats-io/transport-node';
import { type ObjectStore, TributaryError } from '@tributary/protocol';
import { directoryStore } from './directory-store.js';
import { natsStore } from './nats-store.js';
import type { S3Location } from './s3-store.js';

/** Where checkpoints lie: beside all other objects in NATS, in a folder that all machines share, or in S3. */
export type CheckpointLocation =
  | { readonly kind: 'nats' }
  | { readonly kind: 'directory'; readonly folder: string }
  | ({ readonly kind: 's3' } & S3Location);

/**
 * Reads `nats`, `file:///path`, or `s3://bucket/prefix?endpoint=http://host:port&region=eu-west-1`.
 * @throws TributaryError `PREREQUISITE_MISSING` that says what is wrong with it
 */
export function parseCheckpointLocation(text: string): CheckpointLocation {
  if (text === 'nats') return { kind: 'nats' };
  const wrong = (what: string): TributaryError =>
    new TributaryError(
      'PREREQUISITE_MISSING',
      `The checkpoint store "${text}" ${what}; give nats, file:///a/shared/folder, or s3://bucket/prefix?endpoint=http://host:port&region=name.`,
    );
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw wrong('is not an address');
  }
  if (url.protocol === 'file:') {
    if (url.host !== '') throw wrong('names a host; a folder needs three slashes');
    const folder = fileURLToPath(url);
    if (!isAbsolute(folder) || folder === '/') throw wrong('names no folder');
    return { kind: 'directory', folder };
  }
  if (url.protocol !== 's3:') throw wrong(`has the unknown scheme "${url.protocol}"`);
  if (url.host === '') throw wrong('names no bucket');
  const unknown = [...url.searchParams.keys()].filter((key) => key !== 'endpoint' && key !== 'region');
  if (unknown.length > 0) throw wrong(`has the unknown setting "${unknown.join('", "')}"`);
  const prefix = decodeURIComponent(url.pathname).replace(/^\/+|\/+$/g, '');
  const endpoint = url.searchParams.get('endpoint');
  if (endpoint !== null && !/^https?:\/\/[^/]+\/?$/.test(endpoint))
    throw wrong('has an endpoint that is no http address');
  return {
    kind: 's3',
    bucket: url.host,
    prefix: prefix === '' ? '' : `${prefix}/`,
    endpoint,
    region: url.searchParams.get('region') ?? 'us-east-1',
  };
}

/** The folder of all keys that belong to checkpoints. */
const checkpointFolder = 'checkpoints/';

/**
 * The objects of an installation: checkpoints where `location` says, all others (data, prepared runs) in `objects`.
 * @throws TributaryError `SERVER_FAILED` where the place cannot be reached
 */
export async function withCheckpointStore(objects: ObjectStore, location: CheckpointLocation): Promise<ObjectStore> {
  if (location.kind === 'nats') return objects;
  const checkpoints = location.kind === 'directory' ? directoryStore(location.folder) : await openS3(location);
  const storeOf = (key: string): ObjectStore => (key.startsWith(checkpointFolder) ? checkpoints : objects);
  return {
    put: (key, bytes) => storeOf(key).put(key, bytes),
    get: (key) => storeOf(key).get(key),
    has: (key) => storeOf(key).has(key),
    delete: (key) => storeOf(key).delete(key),
    async list(prefix) {
      if (prefix.startsWith(checkpointFolder)) return await checkpoints.list(prefix);
      const inObjects = (await objects.list(prefix)).filter((key) => !key.startsWith(checkpointFolder));
      if (!checkpointFolder.startsWith(prefix)) return inObjects;
      return [...inObjects, ...(await checkpoints.list(prefix))].sort();
    },
  };
}

/** Loads its client only where it is used. */
async function openS3(location: S3Location): Promise<ObjectStore> {
  // It would warn once a process of the Node version that this release of it is the last to support.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  const { s3Store } = await import('./s3-store.js');
  return await s3Store(location);
}

/**
 * The objects of an installation, as its processes see them.
 * @throws TributaryError `SERVER_FAILED` where a store cannot be reached; another try may work
 */
export async function openObjects(
  connection: NatsConnection,
  bucket: string,
  location: CheckpointLocation,
): Promise<ObjectStore> {
  return await withCheckpointStore(await natsStore(connection, bucket), location);
}

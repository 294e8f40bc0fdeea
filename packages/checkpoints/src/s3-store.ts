import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  NoSuchKey,
  NotFound,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { type ObjectStore, TributaryError } from '@tributary/protocol';
import { checkKey, objectNotFound } from './object-key.js';

export interface S3Location {
  readonly bucket: string;
  /** Before every key; '' for none. Ends with a slash otherwise. */
  readonly prefix: string;
  /** A server other than AWS, addressed by path: `http://127.0.0.1:7070`. */
  readonly endpoint: string | null;
  readonly region: string;
}

/** Also the answer to a request that a server never gave. */
const tries = 5;

/**
 * Objects in a bucket of S3, or of a server that speaks its protocol; the bucket must exist. A put is one request, so an object is
 * at most 5 GiB; SHA-256 travels with it and is checked by the server. Credentials are found as AWS's own tools find them.
 * @throws TributaryError `SERVER_FAILED` where the bucket cannot be reached with these credentials
 */
export async function s3Store(location: S3Location): Promise<ObjectStore> {
  const { bucket, prefix, endpoint, region } = location;
  const where = `s3://${bucket}/${prefix}${endpoint === null ? '' : ` at ${endpoint}`}`;
  const client = new S3Client({
    region,
    maxAttempts: tries,
    ...(endpoint === null ? {} : { endpoint, forcePathStyle: true }),
  });
  const failed = (what: string, cause: unknown): TributaryError =>
    new TributaryError('SERVER_FAILED', `${what} (${describe(cause)}).`, { cause });
  const answered = async <T>(what: string, request: () => Promise<T>): Promise<T> => {
    try {
      return await request();
    } catch (cause) {
      throw isAbsence(cause) ? cause : failed(what, cause);
    }
  };
  try {
    await client.send(new HeadBucketCommand({ Bucket: bucket }));
  } catch (cause) {
    throw failed(
      `The checkpoint store ${where} cannot be used; check that the bucket exists, and AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY`,
      cause,
    );
  }
  const at = (key: string): { Bucket: string; Key: string } => {
    checkKey(key);
    return { Bucket: bucket, Key: `${prefix}${key}` };
  };
  const has = async (key: string): Promise<boolean> => {
    const target = at(key);
    try {
      await answered(`Object ${key} in ${where} could not be looked up`, () =>
        client.send(new HeadObjectCommand(target)),
      );
      return true;
    } catch (error) {
      if (isAbsence(error)) return false;
      throw error;
    }
  };
  return {
    has,
    async put(key, bytes) {
      const target = at(key);
      await answered(`Object ${key} could not be written to ${where}`, () =>
        client.send(
          new PutObjectCommand({
            ...target,
            // The client may read it again for another try: give it memory that nobody writes.
            Body: bytes.slice(),
            ContentLength: bytes.length,
            ChecksumAlgorithm: 'SHA256',
          }),
        ),
      );
    },
    async get(key) {
      const target = at(key);
      for (let attempt = 1; ; attempt++) {
        try {
          return await answered(`Object ${key} could not be read from ${where}`, async () => {
            const { Body } = await client.send(new GetObjectCommand(target));
            if (Body === undefined) throw new Error('the answer has no body');
            return await Body.transformToByteArray();
          });
        } catch (error) {
          if (isAbsence(error)) throw objectNotFound(key, where, error);
          // It may just be replaced, where a server does not do so in one step; again and again, it is damaged.
          if (!isMismatch(error)) throw error;
          if (attempt === tries) throw damaged(key, where, error);
        }
      }
    },
    async delete(key) {
      const target = at(key);
      await answered(`Object ${key} in ${where} could not be deleted`, () =>
        client.send(new DeleteObjectCommand(target)),
      ).catch((error: unknown) => {
        if (!isAbsence(error)) throw error;
      });
    },
    async list(wanted) {
      const keys: string[] = [];
      await answered(`Objects of ${where} could not be listed`, async () => {
        const pages = paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: `${prefix}${wanted}` });
        for await (const { Contents = [] } of pages)
          for (const { Key } of Contents) if (Key !== undefined) keys.push(Key.slice(prefix.length));
      });
      return keys.sort();
    },
  };
}

function isAbsence(error: unknown): boolean {
  if (error instanceof NoSuchKey || error instanceof NotFound) return true;
  // A key below an object that is a file, in stores that keep objects as files.
  return error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404 && error.name !== 'NoSuchBucket';
}

/** The client compares what it read with the checksum that came with it. */
function isMismatch(error: unknown): boolean {
  return (
    error instanceof TributaryError && error.cause instanceof Error && /^checksum mismatch/i.test(error.cause.message)
  );
}

function damaged(key: string, where: string, cause: unknown): TributaryError {
  return new TributaryError(
    'CHECKPOINT_CORRUPT',
    `Object ${key} in ${where} is damaged: its data do not match its SHA-256; use an earlier checkpoint.`,
    { cause },
  );
}

function describe(cause: unknown): string {
  if (cause instanceof S3ServiceException)
    return `${cause.name === 'Unknown' || cause.name === 'Error' ? 'status' : cause.name} ${cause.$metadata.httpStatusCode ?? ''}`.trim();
  return cause instanceof Error ? cause.message || cause.name : String(cause);
}

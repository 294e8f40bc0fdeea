import type { KV, KvEntry } from '@nats-io/kv';
import type { GenerationDocument } from '@tributary/protocol';
import type { Logger } from '@tributary/telemetry';

const checkIntervalMs = 5_000;

/**
 * Follows the generations bucket. Documents that stood there before the watch began are `known`: this agent cannot have
 * started their trainers.
 *
 * A watch may fall silent without an end: the server forgets one whose client was away for minutes, and its last message may
 * get lost with a connection. So what has been seen is compared with the bucket now and then, and the watch begun again behind
 * it where something is missing.
 */
export async function watchGenerations(
  bucket: KV,
  onDocument: (document: GenerationDocument, known: boolean) => Promise<void>,
  logger: Logger,
  options: { readonly checkEveryMs?: number } = {},
): Promise<{ stop(): void }> {
  const standing = await newestRevision(bucket);
  let seen = 0;
  /** What the bucket held at the check before. */
  let expected = standing;
  let stopped = false;

  const see = (entry: KvEntry): void => {
    seen = Math.max(seen, entry.revision);
    if (entry.operation !== 'PUT') return;
    try {
      // Not awaited: ending an old trainer must not delay the next document's arrival; the agent keeps the order.
      void onDocument(entry.json<GenerationDocument>(), entry.revision <= standing);
    } catch (error) {
      logger.error({ error: String(error), key: entry.key }, 'a generation document could not be read');
    }
  };
  const begin = async () => {
    const watch = await bucket.watch(seen === 0 ? {} : { resumeFromRevision: seen + 1 });
    const follow = async (): Promise<void> => {
      for await (const entry of watch) see(entry);
    };
    follow().catch((error: unknown) => logger.warn({ error: String(error) }, 'the watch of generations ended'));
    return watch;
  };

  let watch = await begin();
  let checking = false;
  const check = async (): Promise<void> => {
    if (seen < expected) {
      logger.warn({ seen, expected }, 'the watch of generations missed something; beginning it again');
      watch.stop();
      watch = await begin();
      if (stopped) watch.stop();
    }
    expected = await newestRevision(bucket);
  };
  const timer = setInterval(() => {
    if (checking) return;
    checking = true;
    check()
      .catch((error: unknown) => logger.debug({ error: String(error) }, 'generations cannot be checked now'))
      .finally(() => {
        checking = false;
      });
  }, options.checkEveryMs ?? checkIntervalMs);
  return {
    stop() {
      stopped = true;
      clearInterval(timer);
      watch.stop();
    },
  };
}

/** Revision of the newest entry of any key; 0 for none. */
async function newestRevision(bucket: KV): Promise<number> {
  return (await bucket.status()).streamInfo.state.last_seq;
}

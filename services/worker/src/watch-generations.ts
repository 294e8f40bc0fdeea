import type { KV } from '@nats-io/kv';
import type { GenerationDocument } from '@tributary/protocol';
import type { Logger } from '@tributary/telemetry';

/**
 * Follows the generations bucket. Documents that stood there before the watch began are `known`: this agent cannot have
 * started their trainers.
 */
export async function watchGenerations(
  bucket: KV,
  onDocument: (document: GenerationDocument, known: boolean) => Promise<void>,
  logger: Logger,
): Promise<{ stop(): void }> {
  const watch = await bucket.watch();
  const follow = async (): Promise<void> => {
    for await (const entry of watch) {
      if (entry.operation !== 'PUT') continue;
      try {
        // Not awaited: ending an old trainer must not delay the next document's arrival; the agent keeps the order.
        void onDocument(entry.json<GenerationDocument>(), !entry.isUpdate);
      } catch (error) {
        logger.error({ error: String(error), key: entry.key }, 'a generation document could not be read');
      }
    }
  };
  follow().catch((error: unknown) => logger.error({ error: String(error) }, 'the watch of generations ended'));
  return { stop: () => watch.stop() };
}

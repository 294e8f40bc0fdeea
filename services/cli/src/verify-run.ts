import { TextDecoderStream } from 'node:stream/web';
import { TributaryError, type VerificationDocument, type VerificationEvent } from '@tributary/protocol';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import type { ApiClient } from './api-client.js';
import { StatusLine } from './render/status-line.js';
import { progressOf, verificationText } from './render/verification-text.js';

/**
 * Has a stretch of a run done again and shows how far it is. Ctrl-C gives it up.
 * @throws TributaryError whatever keeps it from a result
 */
export async function verifyRun(
  client: ApiClient,
  run: string,
  stretch: { readonly from?: number; readonly to?: number },
  { json }: { readonly json: boolean },
): Promise<VerificationDocument> {
  const status = json ? null : new StatusLine(process.stdout);
  try {
    const body = await client.verify(run, stretch);
    let reached = { from: stretch.from ?? 0, to: stretch.to ?? 0 };
    for await (const { data } of body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream())) {
      const event = JSON.parse(data) as VerificationEvent;
      if (event.kind === 'started') {
        reached = { from: event.from, to: event.to };
        status?.say(`Run ${run}: steps ${event.from + 1} to ${event.to} are done again`);
      } else if (event.kind === 'progress') status?.show(progressOf(event, reached), event.phase, performance.now());
      else if (event.kind === 'failed') throw new TributaryError(event.code, event.message);
      else {
        const { kind: _, ...result } = event;
        status?.end();
        process.stdout.write(json ? `${JSON.stringify(result)}\n` : `${verificationText(result)}\n`);
        return result;
      }
    }
  } finally {
    status?.end();
  }
  throw new TributaryError('SERVER_FAILED', 'The API stopped before the verification had a result; verify again.');
}

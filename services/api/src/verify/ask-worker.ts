import { createInbox, type Msg, type NatsConnection } from '@nats-io/transport-node';
import {
  TributaryError,
  type VerifyAnswer,
  type VerifyControl,
  type VerifyMessage,
  verifyLimitMs,
  verifySilenceMs,
} from '@tributary/protocol';
import type { Stretch } from './choose-stretch.js';

/**
 * Has a worker do a stretch again and gives its answers as they come; ends after `done`. Leaving early stops the worker.
 * @throws TributaryError `NO_WORKERS`, `SERVER_FAILED`
 */
export async function* askWorker(
  { request, subject, kind }: Stretch,
  nats: NatsConnection,
  signal: AbortSignal,
): AsyncGenerator<{ readonly worker: string; readonly answer: VerifyAnswer }> {
  const inbox = createInbox();
  const messages = nats.subscribe(inbox);
  const ended = AbortSignal.any([signal, AbortSignal.timeout(verifyLimitMs)]);
  const end = (): void => messages.unsubscribe();
  ended.addEventListener('abort', end, { once: true });
  let silent: NodeJS.Timeout | undefined;
  const expectWord = (): void => {
    clearTimeout(silent);
    silent = setTimeout(end, verifySilenceMs);
  };
  let control: string | undefined;
  const say = (word: VerifyControl): void => {
    if (control !== undefined && !nats.isClosed()) nats.publish(control, word);
  };
  let worker = 'asked';
  let expected = 0;
  try {
    nats.publish(subject, JSON.stringify(request), { reply: inbox });
    expectWord();
    for await (const message of messages) {
      if (nobodyServes(message))
        throw new TributaryError(
          'NO_WORKERS',
          `No worker lives that computes as those of run ${request.run} did: ${kind}. State hashes are equal only on the same kind; start one and verify again.`,
        );
      expectWord();
      const { number, answer, ...rest } = message.json<VerifyMessage>();
      if (number !== expected)
        throw new TributaryError(
          'SERVER_FAILED',
          `An answer of worker ${rest.worker} was lost on its way; verify again.`,
        );
      expected += 1;
      worker = rest.worker;
      control = message.reply;
      say('go-on');
      yield { worker, answer };
      if (answer.kind === 'done') {
        control = undefined;
        return;
      }
    }
    if (signal.aborted) return;
    throw new TributaryError(
      'SERVER_FAILED',
      ended.aborted
        ? `The verification took longer than ${verifyLimitMs / 60_000} min; verify a shorter stretch.`
        : `The worker ${worker} has said nothing for ${verifySilenceMs / 1_000} s; verify again, or look at: npx tributary workers`,
    );
  } finally {
    say('stop');
    clearTimeout(silent);
    ended.removeEventListener('abort', end);
    messages.unsubscribe();
  }
}

function nobodyServes({ headers, data }: Msg): boolean {
  return data.length === 0 && headers?.code === 503;
}

/**
 * Entry of the trainer: the agent's child that computes. It trains one generation after another as its agent directs it, or
 * waits as a standby, and dies with its agent.
 */
import { type GenerationDocument, toErrorDocument } from '@tributary/protocol';
import { MemberGeneration } from './member-generation.js';
import { prepareStandby } from './prepare-standby.js';
import { aliveIntervalMs, type FromTrainer, type ToTrainer } from './trainer-messages.js';
import { TrainerSession } from './trainer-session.js';

const tell = (message: FromTrainer): void => {
  // An agent that was killed this moment takes no message any more; its end is told by `disconnect`.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
};

// Without its agent a trainer has no one to obey.
process.once('disconnect', () => process.exit(1));
// The agent may have ended while this process loaded its modules.
if (!process.connected) process.exit(1);
setInterval(() => tell({ kind: 'alive' }), aliveIntervalMs);

const opening = TrainerSession.open();
let current: MemberGeneration | null = null;
let newest = -1;

async function start(document: GenerationDocument, member: number): Promise<void> {
  newest = Math.max(newest, document.generation);
  const session = await opening;
  await current?.giveUp();
  // Another document may have come while the generation before was given up.
  if (document.generation < newest) return;
  tell({ kind: 'began', generation: document.generation });
  await session.serveMetrics();
  // What it said in another place of the run would stay as it was then.
  await session.metrics.dropGauges(document.run);
  current = new MemberGeneration(document, member, { session, tell });
  current.begin();
}

async function prepare(document: GenerationDocument, member: number): Promise<void> {
  const session = await opening;
  if (newest >= 0) return;
  await prepareStandby(session, document, member);
  tell({ kind: 'warm' });
}

/** One thing after the other; messages that need no waiting go past it. */
let queue: Promise<void> = Promise.resolve();
function afterwards(work: () => Promise<void>): void {
  queue = queue.then(work).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
}

process.on('message', (message: ToTrainer) => {
  switch (message.kind) {
    case 'start':
      newest = Math.max(newest, message.document.generation);
      afterwards(() => start(message.document, message.member));
      return;
    case 'prepare':
      // Not in the queue: a start must not wait for it. What both use gives the older client up.
      prepare(message.document, message.member).catch((error: unknown) => {
        if (newest >= 0 || toErrorDocument(error).code === 'GENERATION_SUPERSEDED') return;
        console.error(error);
        process.exit(1);
      });
      return;
    case 'stop':
      // Behind the start that it is meant for.
      afterwards(async () => {
        if (current?.document.generation === message.generation) current.stop(message.request);
      });
      return;
    case 'snapshot-kept':
      if (current?.document.generation === message.generation) current.snapshotKept(message.step);
  }
});

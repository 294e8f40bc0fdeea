import {
  errorCodes,
  type LedgerStep,
  TributaryError,
  toErrorDocument,
  type VerificationEvent,
} from '@tributary/protocol';
import { ledgerOf, snapshotHashesOf } from '@tributary/run-store';
import type { ApiDeps } from '../api-deps.js';
import { askWorker } from './ask-worker.js';
import type { Stretch } from './choose-stretch.js';
import { Comparison, type RecordedHash } from './comparison.js';

/** What becomes of a verification, up to its result or the reason why there is none. */
export async function* verificationEvents(
  stretch: Stretch,
  deps: Pick<ApiDeps, 'db' | 'nats'>,
  signal: AbortSignal,
): AsyncGenerator<VerificationEvent> {
  const { run, from, to } = stretch.request;
  yield { kind: 'started', run, from: from.step, to };
  try {
    yield* compared(stretch, deps, signal);
  } catch (error) {
    yield { kind: 'failed', ...toErrorDocument(error) };
  }
}

async function* compared(
  stretch: Stretch,
  { db, nats }: Pick<ApiDeps, 'db' | 'nats'>,
  signal: AbortSignal,
): AsyncGenerator<VerificationEvent> {
  const { run, from, to } = stretch.request;
  const comparison = new Comparison(
    await recordedHashes(stretch, db),
    stretch.checkpoints.at(-1)?.manifest.parts.map(({ part }) => part) ?? [],
  );
  const hasLedger = (await ledgerOf(db, run, { from: from.step + 1, to, steps: 1 })).length > 0;
  for await (const { worker, answer } of askWorker(stretch, nats, signal)) {
    switch (answer.kind) {
      case 'alive':
        if (answer.waiting) yield { kind: 'progress', worker, phase: 'waiting', step: from.step };
        break;
      case 'progress':
        yield { kind: 'progress', worker, phase: answer.phase, step: answer.step };
        break;
      case 'hashes':
        comparison.hashes(answer);
        break;
      case 'ledger':
        if (hasLedger) comparison.ledger(await sameSteps(db, run, answer.steps), answer.steps);
        break;
      case 'done':
        yield { kind: 'result', run, from: from.step, to, worker, ...comparison.result() };
        break;
      case 'failed':
        throw new TributaryError(errorCodes.find((code) => code === answer.code) ?? 'INTERNAL', answer.message);
    }
  }
}

async function recordedHashes({ request, checkpoints }: Stretch, db: ApiDeps['db']): Promise<RecordedHash[]> {
  const { run, from, to } = request;
  return [
    ...(await snapshotHashesOf(db, run, { from: from.step + 1, to })),
    ...checkpoints.flatMap(({ step, manifest }) =>
      manifest.parts.map(({ part, stateHash }) => ({ step, part, stateHash })),
    ),
  ];
}

async function sameSteps(db: ApiDeps['db'], run: string, replayed: readonly LedgerStep[]): Promise<LedgerStep[]> {
  const steps = replayed.map(({ step }) => step);
  const rows = await ledgerOf(db, run, { from: Math.min(...steps), to: Math.max(...steps) });
  return rows.map(({ generation: _, ...entry }) => entry);
}

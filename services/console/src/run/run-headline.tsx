import { formatCount, formatDuration, type ProgressView } from '@tributary/presentation';
import { isResting, type RunDocument, type RunState } from '@tributary/protocol';
import type { ComponentChildren } from 'preact';
import { Link } from '../parts/link.js';
import { Notice } from '../parts/notice.js';
import { ProgressBar } from '../parts/progress-bar.js';
import { useNowMs } from '../parts/time.js';
import { addresses } from '../routing.js';

export interface RunHeadlineProps {
  readonly run: RunDocument;
  readonly state: RunState;
  readonly progress: ProgressView | null;
}

/** Where a run stands, in figures. */
export function RunHeadline({ run, state, progress }: RunHeadlineProps) {
  const resting = isResting(state);
  const step = resting ? run.step : Math.max(progress?.step ?? 0, run.step);
  const target = progress?.targetSteps ?? run.targetSteps;
  const percent = target === null || target === 0 ? null : Math.floor((100 * step) / target);
  const phase = progress === null || progress.phase === 'training' || resting ? null : phaseOf(progress);
  return (
    <>
      <ProgressBar step={step} target={target} />
      <dl class="figures">
        <Figure name="Step">
          {step.toLocaleString('en')}
          {target === null ? null : <small> of {target.toLocaleString('en')}</small>}
        </Figure>
        <Figure name="Done">{percent === null ? '–' : `${percent}%`}</Figure>
        {resting ? null : (
          <>
            <Figure name="Tokens a second">
              {progress === null || progress.tokensPerSecond === 0 ? '–' : formatCount(progress.tokensPerSecond)}
            </Figure>
            <Figure name="Time left">
              {progress?.remainingMs == null || phase !== null ? '–' : formatDuration(progress.remainingMs)}
            </Figure>
            <Figure name="Workers">{progress?.members ?? '–'}</Figure>
          </>
        )}
        <Figure name="Trained for">
          <Spent run={run} resting={resting} />
        </Figure>
        <Figure name="Attempt">{run.attempt}</Figure>
      </dl>
      {phase === null ? null : <p class="phase">{phase}</p>}
      {run.reason === null ? null : (
        <Notice kind={state === 'failed' ? 'error' : 'plain'} title={state === 'failed' ? 'Why it failed' : 'Reason'}>
          {run.reason}
        </Notice>
      )}
      {run.divergences.total === 0 ? null : (
        <Notice kind="error" title="This run does not repeat itself">
          {run.divergences.total} redone values differ from the recorded ones; the first are in: npx tributary runs show{' '}
          {run.run}
        </Notice>
      )}
      <Family run={run} />
    </>
  );
}

function Figure({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** Attempts alone: what lies between them is the user's time. */
function Spent({ run, resting }: { readonly run: RunDocument; readonly resting: boolean }) {
  const nowMs = useNowMs(resting ? 3_600_000 : 1_000);
  const spentMs = run.attempts.reduce(
    (sum, { startedAt, endedAt }) => sum + ((endedAt === null ? nowMs : Date.parse(endedAt)) - Date.parse(startedAt)),
    0,
  );
  return <>{run.attempts.length === 0 ? '–' : formatDuration(spentMs)}</>;
}

/** `tracing 3 of 12 graphs` */
function phaseOf({ phase, tracing }: ProgressView): string {
  return tracing === null ? `Now: ${phase}` : `Now: ${phase}, ${tracing.done} of ${tracing.total} graphs`;
}

function Family({ run: { parent, children } }: { readonly run: RunDocument }) {
  if (parent === null && children.length === 0) return null;
  return (
    <p class="family">
      {parent === null ? null : (
        <>
          Forked from <Link href={addresses.run(parent.run)}>{parent.run}</Link> at step {parent.step}.{' '}
        </>
      )}
      {children.length === 0 ? null : 'Forks: '}
      {children.map((child, place) => (
        <span key={child.run}>
          {place > 0 ? ', ' : ''}
          <Link href={addresses.run(child.run)}>{child.run}</Link> (step {child.step}, {child.state})
        </span>
      ))}
    </p>
  );
}

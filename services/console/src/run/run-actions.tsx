import { isResting, type RunDocument, type RunState } from '@tributary/protocol';
import { useId, useState } from 'preact/hooks';
import { useApi } from '../api/api-context.js';
import { ConfirmDialog } from '../parts/confirm-dialog.js';
import { Link } from '../parts/link.js';
import { addresses } from '../routing.js';

type Action = 'pause' | 'resume' | 'scale' | 'cancel';

export interface RunActionsProps {
  readonly run: RunDocument;
  /** The newest known. */
  readonly state: RunState;
  /** @param said what was asked for, in a sentence */
  readonly onDone: (said: string) => void;
}

/** What can be done with a run in its state; each asks first. */
export function RunActions({ run, state, onDone }: RunActionsProps) {
  const [asked, setAsked] = useState<Action | null>(null);
  const close = (): void => setAsked(null);
  const actions: readonly Action[] = isResting(state) ? ['resume'] : ['pause', 'scale', 'cancel'];
  return (
    <div class="buttons">
      {actions.map((action) => (
        <button key={action} type="button" onClick={() => setAsked(action)}>
          {titles[action]}
        </button>
      ))}
      {state === 'paused' ? (
        <button type="button" onClick={() => setAsked('cancel')}>
          {titles.cancel}
        </button>
      ) : null}
      <Link class="button" href={addresses.launch(run.run)}>
        Launch like this
      </Link>
      {asked === 'pause' ? <PauseDialog run={run} onDone={onDone} onClose={close} /> : null}
      {asked === 'resume' ? <ResumeDialog run={run} onDone={onDone} onClose={close} /> : null}
      {asked === 'scale' ? <ScaleDialog run={run} onDone={onDone} onClose={close} /> : null}
      {asked === 'cancel' ? <CancelDialog run={run} onDone={onDone} onClose={close} /> : null}
    </div>
  );
}

const titles: Readonly<Record<Action, string>> = { pause: 'Pause', resume: 'Resume', scale: 'Scale', cancel: 'Cancel' };

interface DialogProps {
  readonly run: RunDocument;
  readonly onDone: (said: string) => void;
  readonly onClose: () => void;
}

function PauseDialog({ run, onDone, onClose }: DialogProps) {
  const client = useApi();
  const pause = async (): Promise<void> => {
    await client.pause(run.run);
    onDone('Asked to pause: it stops at its next step.');
  };
  return (
    <ConfirmDialog title={`Pause ${run.run}?`} action="Pause the run" onConfirm={pause} onClose={onClose}>
      <p>It stops at its next step and gives its workers back. Resume goes on from there, on any workers.</p>
    </ConfirmDialog>
  );
}

function CancelDialog({ run, onDone, onClose }: DialogProps) {
  const client = useApi();
  const cancel = async (): Promise<void> => {
    await client.cancel(run.run);
    onDone('Asked to end: it stops at its next step.');
  };
  return (
    <ConfirmDialog title={`Cancel ${run.run}?`} action="Cancel the run" dangerous onConfirm={cancel} onClose={onClose}>
      <p>It ends at its next step, with a checkpoint. What it recorded stays, and it can be resumed.</p>
    </ConfirmDialog>
  );
}

function ResumeDialog({ run, onDone, onClose }: DialogProps) {
  const client = useApi();
  const id = useId();
  const target = run.targetSteps ?? run.step;
  const [steps, setSteps] = useState(run.state === 'finished' ? target * 2 : target);
  const resume = async (): Promise<void> => {
    await client.resume(run.run, steps === run.targetSteps ? null : steps);
    onDone('Resumed: a new attempt begins at the newest checkpoint.');
  };
  return (
    <ConfirmDialog title={`Resume ${run.run}?`} action="Resume the run" onConfirm={resume} onClose={onClose}>
      <p>
        A new attempt begins at{' '}
        {run.checkpoints[0] === undefined ? 'step 0' : `the checkpoint of step ${run.checkpoints[0].step}`}.
      </p>
      <NumberField id={id} label="Train to step" value={steps} min={1} max={1_000_000_000} onValue={setSteps} />
    </ConfirmDialog>
  );
}

function ScaleDialog({ run, onDone, onClose }: DialogProps) {
  const client = useApi();
  const id = useId();
  const lanes = run.tasks.reduce((sum, { replicas }) => sum + replicas, 0);
  const now = run.generations.at(-1)?.members.length ?? 1;
  const [workers, setWorkers] = useState(Math.min(lanes, now));
  const scale = async (): Promise<void> => {
    const reply = await client.scale(run.run, workers);
    onDone(`Asked for ${reply.workers} workers; ${reply.now} train it now and ${reply.free} are free.`);
  };
  return (
    <ConfirmDialog title={`Scale ${run.run}?`} action="Scale the run" onConfirm={scale} onClose={onClose}>
      <p>From its next step on, another number of workers trains it. The result is the same.</p>
      <NumberField id={id} label={`Workers, 1 to ${lanes}`} value={workers} min={1} max={lanes} onValue={setWorkers} />
    </ConfirmDialog>
  );
}

interface NumberFieldProps {
  readonly id: string;
  readonly label: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly onValue: (value: number) => void;
}

function NumberField({ id, label, value, min, max, onValue }: NumberFieldProps) {
  return (
    <p class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="number"
        inputMode="numeric"
        required
        {...{ value, min, max }}
        step={1}
        onInput={({ currentTarget }) => onValue(currentTarget.valueAsNumber)}
      />
    </p>
  );
}

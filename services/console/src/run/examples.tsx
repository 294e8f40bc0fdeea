import type { RunDocument } from '@tributary/protocol';
import { useId, useState } from 'preact/hooks';
import { useApi } from '../api/api-context.js';
import { messageOf } from '../api/api-error.js';
import { DataTable } from '../parts/data-table.js';
import { Notice } from '../parts/notice.js';

/** What the model made of held-out sources, and a field to try it. */
export function Examples({ run }: { readonly run: RunDocument }) {
  const rows = run.tasks.flatMap(({ task, samples }) => samples.map((sample) => ({ task, ...sample })));
  return (
    <>
      <DataTable
        caption="Generated examples"
        rows={rows}
        keyOf={({ task, index }) => `${task} ${index}`}
        columns={[
          { title: 'source', cell: ({ source }) => <span class="text">{source}</span> },
          { title: 'task', cell: ({ task }) => task },
          {
            title: 'generated',
            cell: ({ generated }) =>
              generated === '' ? <span class="none">nothing</span> : <span class="text">{generated}</span>,
          },
          {
            title: 'right',
            cell: ({ generated, references }) =>
              references.includes(generated) ? <span class="right">yes</span> : <span class="none">no</span>,
          },
          { title: 'reference', cell: ({ references }) => <span class="text">{references.join(' | ')}</span> },
        ]}
        empty="None yet: the first come with the first evaluation."
      />
      {run.checkpoints.length === 0 ? null : <TryIt run={run} />}
    </>
  );
}

type Outcome =
  | { readonly kind: 'made'; readonly text: string; readonly step: number }
  | { readonly kind: 'error'; readonly text: string };

/** Generates with the newest checkpoint. */
function TryIt({ run }: { readonly run: RunDocument }) {
  const client = useApi();
  const id = useId();
  const [task, setTask] = useState(run.tasks[0]?.task ?? '');
  const [source, setSource] = useState('');
  const [busy, setBusy] = useState(false);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const generate = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (source === '') return setOutcome({ kind: 'error', text: 'Give it a source first.' });
    setBusy(true);
    try {
      const reply = await client.generate(run.run, task, source);
      setOutcome({ kind: 'made', text: reply.outputs[0]?.generated ?? '', step: reply.step });
    } catch (error) {
      setOutcome({ kind: 'error', text: messageOf(error) });
    }
    setBusy(false);
  };
  const example = run.tasks.find((each) => each.task === task)?.samples[0]?.source;
  return (
    <form class="try-it" onSubmit={generate}>
      <p class="field">
        <label for={`${id}-task`}>Task</label>
        <select id={`${id}-task`} value={task} onChange={({ currentTarget }) => setTask(currentTarget.value)}>
          {run.tasks.map((each) => (
            <option key={each.task} value={each.task}>
              {each.task}
            </option>
          ))}
        </select>
      </p>
      <p class="field grow">
        <label for={`${id}-source`}>Source</label>
        <input
          id={`${id}-source`}
          value={source}
          placeholder={example === undefined ? '' : `e.g. ${example}`}
          spellcheck={false}
          autoComplete="off"
          onInput={({ currentTarget }) => setSource(currentTarget.value)}
        />
      </p>
      <button type="submit" disabled={busy}>
        {busy ? 'Generating…' : 'Generate'}
      </button>
      <div class="try-it-outcome" role="status">
        {outcome?.kind === 'made' ? (
          <p>
            <span class="text made">{outcome.text === '' ? '(nothing)' : outcome.text}</span>{' '}
            <span class="fine">by the checkpoint of step {outcome.step}</span>
          </p>
        ) : null}
        {outcome?.kind === 'error' ? <Notice kind="error">{outcome.text}</Notice> : null}
      </div>
    </form>
  );
}

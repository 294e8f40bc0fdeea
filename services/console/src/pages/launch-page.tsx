import type { ValidationReplyDocument } from '@tributary/protocol';
import { useEffect, useRef, useState } from 'preact/hooks';
import example from '../../../../examples/words.yaml?raw';
import { useApi } from '../api/api-context.js';
import { messageOf } from '../api/api-error.js';
import { useResource } from '../api/use-resource.js';
import { ProblemList } from '../launch/problem-list.js';
import { RunFileFiles } from '../launch/run-file-files.js';
import { RunFileSummary } from '../launch/run-file-summary.js';
import { Notice } from '../parts/notice.js';
import { useTitle } from '../parts/use-title.js';
import { addresses, navigate, useAddress } from '../routing.js';

/** A run file is pasted, checked, given its data files, and launched. */
export function LaunchPage() {
  useTitle('Launch');
  const client = useApi();
  const { query } = useAddress();
  const from = query.get('from');
  const parent = useResource(from === null ? null : `run ${from}`, null, (signal) => client.run(from ?? '', signal));
  const [text, setText] = useState('');
  const [checked, setChecked] = useState<ValidationReplyDocument | null>(null);
  const [files, setFiles] = useState<Readonly<Record<string, File>>>({});
  const [busy, setBusy] = useState<string | null>(null);
  const [error, setError] = useState<string | null>(null);
  const editor = useRef<HTMLTextAreaElement>(null);
  const outcome = useRef<HTMLDivElement>(null);

  useEffect(() => {
    if (parent.data !== null) edit(JSON.stringify(parent.data.spec, null, 2));
  }, [parent.data]);

  const newest = useRef(text);
  const edit = (changed: string): void => {
    newest.current = changed;
    setText(changed);
    setChecked(null);
    setError(null);
  };
  const attempt = async (doing: string, work: () => Promise<void>): Promise<void> => {
    setBusy(doing);
    setError(null);
    try {
      await work();
    } catch (failure) {
      setError(messageOf(failure));
    }
    setBusy(null);
  };
  const validate = (): Promise<void> =>
    attempt('Checking…', async () => {
      const reply = await client.validate(text);
      // What was typed meanwhile has not been checked, and is not what would be launched.
      if (newest.current !== text) return;
      setChecked(reply);
      outcome.current?.focus();
    });
  // What the run that this one is like has uploaded is there already.
  const there = parent.data?.files ?? {};
  const missing = (checked?.files ?? []).filter((path) => files[path] === undefined && there[path] === undefined);
  const launch = (): Promise<void> =>
    attempt('Launching…', async () => {
      const keys: Record<string, string> = {};
      for (const path of checked?.files ?? []) {
        const file = files[path];
        const key = file === undefined ? there[path] : (await client.upload(file)).key;
        if (key !== undefined) keys[path] = key;
      }
      const { run } = await client.launch(checked?.spec, keys);
      navigate(addresses.run(run));
    });
  const goToLine = (line: number): void => {
    const area = editor.current;
    if (area === null) return;
    const lines = text.split('\n');
    const start = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0);
    area.focus();
    area.setSelectionRange(start, start + (lines[line - 1]?.length ?? 0));
    area.scrollTop = ((line - 3) / lines.length) * area.scrollHeight;
  };
  const problems = checked?.problems ?? [];
  return (
    <>
      <div class="page-head">
        <h1>Launch a run</h1>
      </div>
      {parent.error === null ? null : <Notice kind="error">{parent.error}</Notice>}
      <form
        class="launch"
        onSubmit={(event) => {
          event.preventDefault();
          void validate();
        }}
      >
        <div class="label-row">
          <label for="run-file">Run file, YAML or JSON</label>
          <span class="label-tools">
            <button type="button" class="link" onClick={() => edit(example)}>
              Take the example
            </button>
            <label class="link file-choice">
              Open a file
              <input
                type="file"
                accept=".yaml,.yml,.json"
                onChange={({ currentTarget }) => {
                  const file = currentTarget.files?.[0];
                  currentTarget.value = '';
                  if (file !== undefined) void attempt('Reading…', async () => edit(await file.text()));
                }}
              />
            </label>
          </span>
        </div>
        <textarea
          id="run-file"
          ref={editor}
          class="code"
          rows={24}
          spellcheck={false}
          autoComplete="off"
          autoCapitalize="off"
          wrap="off"
          value={text}
          aria-invalid={problems.length > 0}
          aria-describedby="run-file-outcome"
          placeholder={
            'experiment: words\ntasks:\n  - name: spell\n    data: { source: words, kind: spell }\nbudget: { steps: 400 }'
          }
          onInput={({ currentTarget }) => edit(currentTarget.value)}
        />
        <div class="buttons">
          <button
            type="submit"
            class={checked?.spec == null ? 'primary' : undefined}
            disabled={busy !== null || text.trim() === ''}
          >
            Check
          </button>
          {busy === null ? null : (
            <span class="busy" role="status">
              {busy}
            </span>
          )}
        </div>
      </form>
      <div id="run-file-outcome" class="outcome" tabIndex={-1} ref={outcome}>
        {problems.length === 0 ? null : <ProblemList problems={problems} onLine={goToLine} />}
        {checked?.spec == null ? null : (
          <>
            <RunFileSummary spec={checked.spec} />
            <RunFileFiles
              paths={checked.files}
              there={there}
              chosen={files}
              onChoose={(path, file) => setFiles((now) => ({ ...now, [path]: file }))}
            />
            <div class="buttons">
              <button
                type="button"
                class="primary"
                disabled={busy !== null || missing.length > 0}
                onClick={() => void launch()}
              >
                Launch
              </button>
              {missing.length === 0 ? null : <span class="fine">Choose {missing.join(', ')} first.</span>}
            </div>
          </>
        )}
        {error === null ? null : (
          <Notice kind="error" title="It was not launched">
            <p class="error-text">{error}</p>
          </Notice>
        )}
      </div>
    </>
  );
}

import { isResting, type RunEvent, type RunState } from '@tributary/protocol';
import color from 'picocolors';
import type { ApiClient } from './api-client.js';
import { conflictsOfRun } from './conflicts-of-run.js';
import { exitCodes } from './failure.js';
import { pageLinks } from './page-links.js';
import { type ProgressDisplay, progressDisplay } from './render/progress-display.js';
import { printable } from './render/quantities.js';
import { backendLine, RunProgress } from './render/run-progress.js';
import { runReport } from './render/run-report.js';
import { followRun } from './run-events.js';

/** Follows a run to its end and prints its report. Ctrl-C detaches: the run goes on. @returns the exit code */
export async function watchRun(client: ApiClient, run: string, options: { readonly json: boolean }): Promise<number> {
  const detached = new AbortController();
  const detach = (): void => detached.abort();
  process.once('SIGINT', detach);
  process.once('SIGTERM', detach);
  const document = await client.run(run);
  const display = options.json ? null : progressDisplay(process.stdout);
  const story = new RunStory(
    document.tasks.map(({ task }) => task),
    display,
  );
  try {
    for await (const event of followRun(client, run, detached.signal)) {
      if (options.json) process.stdout.write(`${JSON.stringify(event)}\n`);
      else story.tell(event, Date.now());
    }
  } finally {
    display?.end();
    process.removeListener('SIGINT', detach);
    process.removeListener('SIGTERM', detach);
  }
  if (detached.signal.aborted) {
    const stream = options.json ? process.stderr : process.stdout;
    stream.write(`\nDetached; run ${run} goes on. Come back with: npx tributary watch ${run}\n`);
    return exitCodes.done;
  }
  const ended = await client.run(run);
  if (options.json) process.stdout.write(`${JSON.stringify({ kind: 'report', run: ended })}\n`);
  else process.stdout.write(`\n${runReport(ended, await pageLinks(client), await conflictsOfRun(client, ended))}\n`);
  return isResting(ended.state) && ended.state !== 'finished' && ended.state !== 'paused'
    ? exitCodes.failed
    : exitCodes.done;
}

/** Turns events into lines and the live bar. */
export class RunStory {
  readonly #progress: RunProgress;
  readonly #display: ProgressDisplay | null;
  #backend: string | null = null;
  #first = true;

  constructor(tasks: readonly string[], display: ProgressDisplay | null) {
    this.#progress = new RunProgress(tasks);
    this.#display = display;
  }

  tell(event: RunEvent, atMs: number): void {
    if (event.kind === 'state') {
      const first = this.#first;
      this.#first = false;
      // Its backend says that it trains, and better, unless it goes on from a step.
      if (event.state === 'running' && this.#backend === null && (first || event.step === 0)) return;
      this.#display?.say(stateLine(event, this.#progress.view()?.step ?? null));
      return;
    }
    if (event.kind === 'notice') {
      this.#display?.say(color.yellow(printable(event.text)));
      return;
    }
    this.#progress.observe(event, atMs);
    const view = this.#progress.view();
    if (view === null) return;
    const backend = backendLine(view);
    if (backend !== this.#backend) this.#display?.say(backend);
    this.#backend = backend;
    this.#display?.show(view, atMs);
  }
}

const meanings: Readonly<Record<RunState, string>> = {
  queued: 'prepares its data (a few seconds, once a run) and waits for workers',
  running: 'trains',
  recovering: 'moves its lanes',
  paused: 'paused',
  finished: 'finished',
  failed: 'failed',
  cancelled: 'cancelled',
};

/**
 * `recovering, moves its lanes: worker b is lost`, then `running, trains on from step 40; 3 steps are done again`.
 * @param seen the step that it had come to, as far as progress was seen; null: none was
 */
function stateLine(event: Extract<RunEvent, { kind: 'state' }>, seen: number | null): string {
  const { state, reason, attempt, step } = event;
  const which = attempt > 1 ? ` (attempt ${attempt})` : '';
  const paint = state === 'failed' ? color.red : state === 'finished' ? color.green : color.yellow;
  if (state === 'running') {
    const again = seen === null ? 0 : seen - step;
    const redone = again > 0 ? `; ${again === 1 ? '1 step is' : `${again} steps are`} done again` : '';
    return `${paint(state)}, trains on from step ${step}${redone}${which}`;
  }
  const why = reason === null ? '' : `: ${printable(reason)}`;
  const meaning = meanings[state] === state ? '' : `, ${meanings[state]}`;
  return `${paint(state)}${meaning}${which}${why}`;
}

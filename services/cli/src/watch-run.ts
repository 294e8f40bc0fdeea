import { isResting, type RunEvent, type RunState } from '@tributary/protocol';
import color from 'picocolors';
import type { ApiClient } from './api-client.js';
import { conflictsOfRun } from './conflicts-of-run.js';
import { exitCodes } from './failure.js';
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
  else {
    const links = await client.health().then(
      (health) => health.links,
      () => null,
    );
    process.stdout.write(`\n${runReport(ended, links, await conflictsOfRun(client, ended))}\n`);
  }
  return isResting(ended.state) && ended.state !== 'finished' && ended.state !== 'paused'
    ? exitCodes.failed
    : exitCodes.done;
}

/** Turns events into lines and the live bar. */
export class RunStory {
  readonly #progress: RunProgress;
  readonly #display: ProgressDisplay | null;
  #backend: string | null = null;

  constructor(tasks: readonly string[], display: ProgressDisplay | null) {
    this.#progress = new RunProgress(tasks);
    this.#display = display;
  }

  tell(event: RunEvent, atMs: number): void {
    if (event.kind === 'state') {
      // Its backend says that it trains, and better.
      if (event.state === 'running' && this.#backend === null) return;
      this.#display?.say(stateLine(event.state, event.reason, event.attempt));
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
  recovering: 'goes on from its newest checkpoint with the workers that are left',
  paused: 'paused',
  finished: 'finished',
  failed: 'failed',
  cancelled: 'cancelled',
};

function stateLine(state: RunState, reason: string | null, attempt: number): string {
  const which = attempt > 1 ? ` (attempt ${attempt})` : '';
  const why = reason === null ? '' : `: ${printable(reason)}`;
  const meaning = meanings[state] === state ? '' : `, ${meanings[state]}`;
  const paint = state === 'failed' ? color.red : state === 'finished' ? color.green : color.yellow;
  return `${paint(state)}${meaning}${which}${why}`;
}

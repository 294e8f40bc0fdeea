import { MultiBar, type SingleBar } from 'cli-progress';
import color from 'picocolors';
import { type ProgressView, progressLine } from './run-progress.js';

/** Where progress goes: a live bar on a terminal, else a plain line now and then. */
export interface ProgressDisplay {
  show(view: ProgressView, atMs: number): void;
  /** A line that stays. */
  say(line: string): void;
  end(): void;
}

export function progressDisplay(stream: NodeJS.WriteStream): ProgressDisplay {
  return stream.isTTY ? new LiveBar(stream) : new PlainLines((line) => stream.write(`${line}\n`));
}

class LiveBar implements ProgressDisplay {
  readonly #stream: NodeJS.WriteStream;
  #bars: MultiBar | null = null;
  #bar: SingleBar | null = null;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  show(view: ProgressView): void {
    if (this.#bars === null) {
      this.#bars = new MultiBar({
        stream: this.#stream,
        format: `${color.cyan('{bar}')} {line}`,
        barsize: 20,
        barCompleteChar: '█',
        barIncompleteChar: '░',
        hideCursor: true,
        // The line says it in our words.
        etaBuffer: 2,
        emptyOnZero: true,
        gracefulExit: false,
      });
      this.#bar = this.#bars.create(view.targetSteps, 0, { line: '' });
    }
    this.#bar?.setTotal(view.targetSteps);
    this.#bar?.update(view.step, { line: fit(progressLine(view), (this.#stream.columns ?? 80) - 22) });
  }

  say(line: string): void {
    if (this.#bars === null) this.#stream.write(`${line}\n`);
    else this.#bars.log(`${line}\n`);
  }

  end(): void {
    this.#bars?.stop();
    this.#bars = null;
  }
}

function fit(line: string, width: number): string {
  return line.length <= width ? line : `${line.slice(0, Math.max(0, width - 1))}…`;
}

/** Between two lines of one phase. */
const plainIntervalMs = 5_000;

/** Progress for logs and pipes: a line every few seconds, and on every new phase. */
export class PlainLines implements ProgressDisplay {
  readonly #write: (line: string) => void;
  #last: { readonly atMs: number; readonly phase: string; readonly line: string } | null = null;
  #newest: ProgressView | null = null;

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  show(view: ProgressView, atMs: number): void {
    this.#newest = view;
    const due = this.#last === null || atMs - this.#last.atMs >= plainIntervalMs || this.#last.phase !== view.phase;
    if (due) this.#print(view, atMs);
  }

  say(line: string): void {
    this.#write(line);
  }

  end(): void {
    if (this.#newest !== null) this.#print(this.#newest, this.#last?.atMs ?? 0);
    this.#newest = null;
  }

  #print(view: ProgressView, atMs: number): void {
    const line = progressLine(view);
    if (line !== this.#last?.line) this.#write(line);
    this.#last = { atMs, phase: view.phase, line };
  }
}

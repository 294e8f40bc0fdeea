/** Between two lines of one phase where there is no terminal. */
const plainIntervalMs = 5_000;

/** One line that changes: rewritten in place on a terminal, else printed anew now and then and on every new phase. */
export class StatusLine {
  readonly #stream: Pick<NodeJS.WriteStream, 'write'> & { readonly isTTY?: boolean };
  #open = false;
  #phase: string | null = null;
  #line: string | null = null;
  #printedMs = 0;

  constructor(stream: Pick<NodeJS.WriteStream, 'write'> & { readonly isTTY?: boolean }) {
    this.#stream = stream;
  }

  /** A line that stays. */
  say(line: string): void {
    this.end();
    this.#stream.write(`${line}\n`);
  }

  show(line: string, phase: string, atMs: number): void {
    if (line === this.#line) return;
    if (this.#stream.isTTY === true) {
      this.#stream.write(`\r\u001b[2K${line}`);
      this.#open = true;
    } else if (phase !== this.#phase || atMs - this.#printedMs >= plainIntervalMs) {
      this.#stream.write(`${line}\n`);
      this.#printedMs = atMs;
    }
    this.#phase = phase;
    this.#line = line;
  }

  end(): void {
    if (this.#open) this.#stream.write('\r\u001b[2K');
    this.#open = false;
  }
}

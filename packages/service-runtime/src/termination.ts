/** A request to end, by SIGTERM or SIGINT. */
export interface Termination {
  /** Aborted at the first signal. */
  readonly signal: AbortSignal;
  /** Resolves with the signal's name. */
  readonly requested: Promise<NodeJS.Signals>;
}

/** Listens for the signals that ask this process to drain and leave; call it once, first. */
export function termination(): Termination {
  const controller = new AbortController();
  const requested = new Promise<NodeJS.Signals>((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const)
      process.once(name, () => {
        controller.abort(new Error(`stopped by ${name}`));
        resolve(name);
      });
  });
  return { signal: controller.signal, requested };
}

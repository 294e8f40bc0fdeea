import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, messageOf } from './api-error.js';

export interface Resource<T> {
  readonly data: T | null;
  /** Why the newest attempt failed; `data` is older then. */
  readonly error: string | null;
  readonly status: number | null;
  /** Of a mistake in a text that was asked with: where, from 1. */
  readonly column: number | null;
  /** When `data` came. */
  readonly loadedAtMs: number | null;
  readonly reload: () => void;
}

type State<T> = Omit<Resource<T>, 'reload'>;
const empty = { data: null, error: null, status: null, column: null, loadedAtMs: null };

/**
 * Loads something, keeps it fresh while the page is seen, and keeps the last answer where a later one fails.
 * @param key what is loaded: with another key, the answer of the one before is dropped; null: nothing
 * @param everyMs null: once
 */
export function useResource<T>(
  key: string | null,
  everyMs: number | null,
  load: (signal: AbortSignal) => Promise<T>,
): Resource<T> {
  const [state, setState] = useState<State<T>>(empty);
  const [turn, setTurn] = useState(0);
  const loader = useRef(load);
  loader.current = load;
  const shown = useRef<string | null>(null);

  useEffect(() => {
    if (shown.current !== key) setState(empty);
    shown.current = key;
    if (key === null) return;
    const controller = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let failures = 0;
    const again = (): void => {
      clearTimeout(timer);
      if (controller.signal.aborted || document.hidden) return;
      if (everyMs === null && failures === 0) return;
      timer = setTimeout(round, failures === 0 ? (everyMs ?? 0) : Math.min(15_000, 1_000 * 2 ** (failures - 1)));
    };
    const round = async (): Promise<void> => {
      try {
        const data = await loader.current(controller.signal);
        if (controller.signal.aborted) return;
        failures = 0;
        setState({ data, error: null, status: null, column: null, loadedAtMs: Date.now() });
      } catch (error) {
        if (controller.signal.aborted) return;
        const status = error instanceof ApiError ? error.status : null;
        const column = error instanceof ApiError ? error.column : null;
        setState((before) => ({ ...before, error: messageOf(error), status, column }));
        // What was refused will be refused again.
        if (status !== null && status >= 400 && status < 500) return;
        failures += 1;
      }
      again();
    };
    const seen = (): void => {
      if (!document.hidden) void round();
      else clearTimeout(timer);
    };
    document.addEventListener('visibilitychange', seen);
    void round();
    return () => {
      document.removeEventListener('visibilitychange', seen);
      clearTimeout(timer);
      controller.abort();
    };
  }, [key, everyMs, turn]);

  return { ...state, reload: () => setTurn((before) => before + 1) };
}

import { type ProgressView, RunProgress } from '@tributary/presentation';
import type { RunEvent, RunState } from '@tributary/protocol';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useApi } from '../api/api-context.js';
import { type Connection, followRun } from '../api/follow-run.js';
import { LiveSeries } from './live-series.js';

/** Between two drawings of what is live: smooth enough, and cheap. */
const drawEveryMs = 250;

export interface LiveRun {
  readonly connection: Connection;
  readonly progress: ProgressView | null;
  readonly series: LiveSeries;
  /** The newest state that the stream told; null until it told one. */
  readonly told: { readonly state: RunState; readonly attempt: number; readonly step: number } | null;
  readonly notice: string | null;
}

/**
 * Follows a run's events.
 * @param follow with another value it connects anew, as after a resume
 * @param onChange what the run's document says may have changed: its state, its generation
 */
export function useLiveRun(run: string, follow: number, onChange: () => void): LiveRun {
  const client = useApi();
  const [, draw] = useState(0);
  const changed = useRef(onChange);
  changed.current = onChange;
  const live = useRef<LiveRun>(initial());

  useEffect(() => {
    const controller = new AbortController();
    const progress = new RunProgress();
    live.current = initial();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let generation: number | null = null;
    const update = (change: Partial<LiveRun>, atOnce = false): void => {
      live.current = { ...live.current, ...change };
      if (atOnce) {
        clearTimeout(timer);
        timer = undefined;
        draw((before) => before + 1);
      } else
        timer ??= setTimeout(() => {
          timer = undefined;
          draw((before) => before + 1);
        }, drawEveryMs);
    };
    const event = (happened: RunEvent): void => {
      if (happened.kind === 'notice') update({ notice: happened.text });
      else if (happened.kind === 'state') {
        const { state, attempt, step } = happened;
        update({ told: { state, attempt, step } }, true);
        changed.current();
      } else {
        progress.observe(happened, performance.now());
        live.current.series.observe(happened);
        update({ progress: progress.view() });
        if (generation !== happened.generation) changed.current();
        generation = happened.generation;
      }
    };
    void followRun(client, run, controller.signal, { event, connection: (connection) => update({ connection }, true) });
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [client, run, follow]);

  return live.current;
}

function initial(): LiveRun {
  return { connection: { kind: 'connecting' }, progress: null, series: new LiveSeries(), told: null, notice: null };
}

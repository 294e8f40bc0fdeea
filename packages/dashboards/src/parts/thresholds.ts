import { ThresholdsConfigBuilder, ThresholdsMode } from '@grafana/grafana-foundation-sdk/dashboard';

/** Colours by value, lowest first: green below the first bound of `[bound, colour]`. */
export function thresholds(base: string, ...steps: readonly (readonly [value: number, colour: string])[]) {
  return new ThresholdsConfigBuilder()
    .mode(ThresholdsMode.Absolute)
    .steps([{ value: null as number | null, color: base }, ...steps.map(([value, color]) => ({ value, color }))]);
}

/** Green, orange from `warn`, red from `alarm` on. */
export const goodBelow = (warn: number, alarm: number) => thresholds('green', [warn, 'orange'], [alarm, 'red']);
/** Red, orange from `alarm`, green from `warn` on. */
export const goodAbove = (alarm: number, warn: number) => thresholds('red', [alarm, 'orange'], [warn, 'green']);
/** Green for none, red from one on. */
export const goodAtNone = () => thresholds('green', [1, 'red']);
/** A figure that is neither good nor bad. */
export const plain = () => thresholds('text');

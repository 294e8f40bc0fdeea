import { texts } from '../parts/tables.js';

const colours = {
  queued: 'blue',
  running: 'green',
  recovering: 'orange',
  paused: 'purple',
  finished: 'dark-green',
  failed: 'red',
  cancelled: 'text',
} as const;

/** A colour for each state of a run. */
export const stateTexts = texts(
  Object.fromEntries(Object.entries(colours).map(([state, colour]) => [state, [state, colour] as const])),
);

/** As the run's state is drawn where a series stands for each: by the name of the series. */
export const stateColours = Object.entries(colours).map(([state, fixedColor]) => ({
  matcher: { id: 'byName', options: state },
  properties: [{ id: 'color', value: { mode: 'fixed', fixedColor } }],
}));

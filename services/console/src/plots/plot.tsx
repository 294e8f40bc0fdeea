import type { ComponentChildren } from 'preact';
import { useId, useState } from 'preact/hooks';
import { TableScroll } from '../parts/table-scroll.js';
import { PlotCanvas } from './plot-canvas.js';
import { lineStyle } from './plot-colours.js';
import { described, newest, type PlotSeries, spread } from './plot-series.js';

export interface PlotProps {
  readonly title: string;
  /** e.g. `nats a token`. */
  readonly unit: string;
  readonly series: readonly PlotSeries[];
  readonly format: (value: number) => string;
  readonly range?: readonly [number, number];
  readonly mark?: number;
  /** Shown in place of the picture where there is nothing yet. */
  readonly empty: string;
  /** Beside the title. */
  readonly tools?: ComponentChildren;
  readonly children?: ComponentChildren;
}

const tableRows = 12;

/** Lines over steps: picture, legend with the values under the pointer or the newest, and the same as a table. */
export function Plot({ title, unit, series, format, range, mark, empty, tools, children }: PlotProps) {
  const id = useId();
  const [step, setStep] = useState<number | null>(null);
  const there = series.some(({ steps }) => steps.length > 0);
  return (
    <figure class="plot" aria-labelledby={id}>
      <figcaption>
        <h3 id={id}>{title}</h3>
        <span class="unit">{unit}</span>
        {tools}
      </figcaption>
      {there ? (
        <>
          <PlotCanvas
            series={series}
            description={described(title, series, format)}
            format={format}
            {...(range === undefined ? {} : { range })}
            {...(mark === undefined ? {} : { mark })}
            onStep={setStep}
          />
          <Legend series={series} format={format} step={step} />
          <DataTable title={title} series={series} format={format} />
        </>
      ) : (
        <p class="plot-empty">{empty}</p>
      )}
      {children}
    </figure>
  );
}

interface PartProps {
  readonly series: readonly PlotSeries[];
  readonly format: (value: number) => string;
}

function Legend({ series, format, step }: PartProps & { readonly step: number | null }) {
  return (
    <div class="legend">
      <p class="legend-step" aria-hidden="true">
        {step === null ? 'newest' : `step ${step}`}
      </p>
      <ul>
        {series.map((each, place) => {
          const value = step === null ? (newest(each)?.value ?? null) : valueAt(each, step);
          return (
            <li key={each.label}>
              <LineSample place={place} />
              <span class="legend-label">{each.label}</span>
              <span class="number">{value === null ? '–' : format(value)}</span>
            </li>
          );
        })}
      </ul>
    </div>
  );
}

/** A piece of a line, as it is drawn. */
export function LineSample({ place }: { readonly place: number }) {
  const { variable, dash } = lineStyle(place);
  return (
    <svg class="line-sample" viewBox="0 0 20 4" aria-hidden="true" focusable="false">
      <path d="M0 2h20" style={{ stroke: `var(${variable})` }} stroke-dasharray={dash.join(' ')} />
    </svg>
  );
}

/** The value at a step, or at the one before where a line has none there. */
function valueAt({ steps, values }: PlotSeries, step: number): number | null {
  let found: number | null = null;
  for (let index = 0; index < steps.length && (steps[index] as number) <= step; index++) found = values[index] ?? null;
  return found;
}

function DataTable({ title, series, format }: PartProps & { readonly title: string }) {
  const rows = spread(
    [...new Set(series.flatMap(({ steps }) => steps))].sort((a, b) => a - b),
    tableRows,
  );
  return (
    <details class="plot-table">
      <summary>As a table</summary>
      <TableScroll label={`${title}, table`}>
        <table>
          <caption class="hidden">{title}</caption>
          <thead>
            <tr>
              <th scope="col" class="number">
                step
              </th>
              {series.map(({ label }) => (
                <th scope="col" class="number" key={label}>
                  {label}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((step) => (
              <tr key={step}>
                <th scope="row" class="number">
                  {step}
                </th>
                {series.map((each) => {
                  const value = valueAt(each, step);
                  return (
                    <td class="number" key={each.label}>
                      {value === null ? '' : format(value)}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </TableScroll>
    </details>
  );
}

import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { useColourTurn } from '../theme.js';
import { lineStyle, resolvedColours } from './plot-colours.js';
import { joined, type PlotSeries } from './plot-series.js';

export interface PlotCanvasProps {
  readonly series: readonly PlotSeries[];
  /** What the picture shows, in words. */
  readonly description: string;
  readonly format: (value: number) => string;
  readonly range?: readonly [number, number];
  /** A line across at this value. */
  readonly mark?: number;
  /** The step under the pointer, or null. */
  readonly onStep: (step: number | null) => void;
}

const heightPx = 240;

/** The picture of a plot; what it shows is told beside it, in a legend and in a table. */
export function PlotCanvas({ series, description, format, range, mark, onStep }: PlotCanvasProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const turn = useColourTurn();
  const data = joined(series) as unknown as uPlot.AlignedData;
  const newest = useRef(data);
  newest.current = data;
  const told = useRef(onStep);
  told.current = onStep;
  const labels = series.map(({ label }) => label).join('\n');
  const [low, high] = range ?? [];

  useEffect(() => {
    const parent = box.current;
    if (parent === null) return;
    const colour = resolvedColours(parent);
    const font = `12px ${getComputedStyle(parent).fontFamily}`;
    const options: uPlot.Options = {
      width: parent.clientWidth,
      height: heightPx,
      legend: { show: false },
      cursor: { y: false, points: { size: 7 }, drag: { x: true, y: false } },
      padding: [12, 12, 0, 0],
      scales: {
        x: { time: false },
        ...(low === undefined || high === undefined ? {} : { y: { range: [low, high] } }),
      },
      axes: [
        axis(colour, { font, size: 34, incrs: wholeSteps }),
        axis(colour, { font, size: 56, values: (_, ticks) => ticks.map((tick) => withoutTrailingZeros(format(tick))) }),
      ],
      series: [
        {},
        ...series.map(({ label }, place): uPlot.Series => {
          const { variable, dash } = lineStyle(place);
          return {
            label,
            stroke: colour(variable),
            width: 1.75,
            dash: [...dash],
            spanGaps: false,
            points: { show: (_, index) => (newest.current[index]?.length ?? 0) < 3 },
          };
        }),
      ],
      hooks: {
        setCursor: [({ cursor: { idx } }) => told.current(idx == null ? null : (newest.current[0][idx] ?? null))],
        ...(mark === undefined ? {} : { drawAxes: [(drawn) => drawMark(drawn, mark, colour('--rule-strong'))] }),
      },
    };
    const made = new uPlot(options, newest.current, parent);
    plot.current = made;
    const sizes = new ResizeObserver(() => made.setSize({ width: parent.clientWidth, height: heightPx }));
    sizes.observe(parent);
    return () => {
      sizes.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [labels, turn, low, high, mark]);

  useEffect(() => {
    plot.current?.setData(newest.current);
  });

  return <div class="plot-canvas" role="img" aria-label={description} ref={box} />;
}

/** `0.500` is `0.5`, `10.0k` is `10k`. */
function withoutTrailingZeros(text: string): string {
  return text.replace(/\.(\d*?)0+(?=\D|$)/, (_, digits: string) => (digits === '' ? '' : `.${digits}`));
}

/** Steps are whole. */
const wholeSteps = [1, 2, 5]
  .flatMap((first) => Array.from({ length: 9 }, (_, zeros) => first * 10 ** zeros))
  .sort((a, b) => a - b);

function axis(colour: (variable: string) => string, own: uPlot.Axis): uPlot.Axis {
  return {
    stroke: colour('--ink-soft'),
    gap: 6,
    grid: { stroke: colour('--rule'), width: 1 },
    ticks: { show: false },
    ...own,
  };
}

function drawMark(plot: uPlot, at: number, colour: string): void {
  const { ctx, bbox } = plot;
  const y = Math.round(plot.valToPos(at, 'y', true)) + 0.5;
  ctx.save();
  ctx.strokeStyle = colour;
  ctx.lineWidth = 1;
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.restore();
}

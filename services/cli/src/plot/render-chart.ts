import { TributaryError } from '@tributary/protocol';
import { HeatmapChart, LineChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TitleComponent, VisualMapComponent } from 'echarts/components';
import * as echarts from 'echarts/core';
import { CanvasRenderer, SVGRenderer } from 'echarts/renderers';
import { type Chart, chartWidth } from './chart-option.js';

echarts.use([LineChart, HeatmapChart, GridComponent, LegendComponent, TitleComponent, VisualMapComponent]);
echarts.use([SVGRenderer, CanvasRenderer]);

/** Pixels of a PNG for each of the chart's: sharp on dense screens and in print. */
const pngScale = 2;

/** A chart as an SVG document. */
export function svgOf({ option, height, width = chartWidth }: Chart): string {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    chart.setOption(option);
    return chart.renderToSVGString();
  } finally {
    chart.dispose();
  }
}

/** A chart as a PNG file. @throws TributaryError `PREREQUISITE_MISSING` where the machine has no fonts */
export async function pngOf({ option, height, width = chartWidth }: Chart): Promise<Uint8Array> {
  const { createCanvas, GlobalFonts } = await import('@napi-rs/canvas');
  if (GlobalFonts.families.length === 0)
    throw new TributaryError(
      'PREREQUISITE_MISSING',
      'A PNG needs a font, and this machine has none; install one (e.g. the package fonts-dejavu-core), or write an .svg.',
    );
  const canvas = createCanvas(width * pngScale, height * pngScale);
  echarts.setPlatformAPI({ createCanvas: () => createCanvas(32, 32) });
  const chart = echarts.init(canvas, null, {
    ...{ renderer: 'canvas', devicePixelRatio: pngScale, width, height },
  });
  try {
    chart.setOption(option);
    return await canvas.encode('png');
  } finally {
    chart.dispose();
  }
}

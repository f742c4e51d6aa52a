// The parts of ECharts that our figures use, registered once.
// Owns: the import of echarts, the type of an option. Not: what a figure shows (one file a figure beside this one).
import { BarChart, HeatmapChart, LineChart, LinesChart, ScatterChart } from 'echarts/charts'
import type {
  BarSeriesOption,
  HeatmapSeriesOption,
  LineSeriesOption,
  LinesSeriesOption,
  ScatterSeriesOption,
} from 'echarts/charts'
import {
  AriaComponent,
  AxisPointerComponent,
  BrushComponent,
  DataZoomInsideComponent,
  DataZoomSliderComponent,
  GridComponent,
  MarkAreaComponent,
  MarkLineComponent,
  TitleComponent,
  ToolboxComponent,
  TooltipComponent,
  VisualMapContinuousComponent,
} from 'echarts/components'
import type {
  BrushComponentOption,
  DataZoomComponentOption,
  GridComponentOption,
  TitleComponentOption,
  TooltipComponentOption,
  VisualMapComponentOption,
} from 'echarts/components'
import * as echarts from 'echarts/core'
import type { ComposeOption } from 'echarts/core'
import { LabelLayout } from 'echarts/features'
import { CanvasRenderer, SVGRenderer } from 'echarts/renderers'

echarts.use([
  AriaComponent,
  AxisPointerComponent,
  BarChart,
  BrushComponent,
  CanvasRenderer,
  DataZoomInsideComponent,
  DataZoomSliderComponent,
  GridComponent,
  HeatmapChart,
  LabelLayout,
  LineChart,
  LinesChart,
  MarkAreaComponent,
  MarkLineComponent,
  ScatterChart,
  SVGRenderer,
  TitleComponent,
  ToolboxComponent, // the brush asks for it
  TooltipComponent,
  VisualMapContinuousComponent,
])

export type Option = ComposeOption<
  | BarSeriesOption
  | BrushComponentOption
  | DataZoomComponentOption
  | GridComponentOption
  | HeatmapSeriesOption
  | LineSeriesOption
  | LinesSeriesOption
  | ScatterSeriesOption
  | TitleComponentOption
  | TooltipComponentOption
  | VisualMapComponentOption
>

export { echarts }

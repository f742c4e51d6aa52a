// A figure as a file or on the clipboard.
// Owns: SVG, PNG and CSV of a figure in the paper's colours, with title and caption. Not: the menu (FigureMenu.svelte).
import { saveFile } from '../shared/saveFile.ts'
import { echarts, type Option } from './echarts.ts'
import type { Figure, FigureTable } from './figure.ts'
import { paperTheme } from './theme.ts'

/** Comma-separated values after RFC 4180; an undefined number is an empty field. */
export function csvOf(table: FigureTable): string {
  const lines = [table.columns, ...table.rows].map((row) => row.map(field).join(','))
  return lines.join('\r\n') + '\r\n'
}

function field(value: string | number | null): string {
  if (value === null) return ''
  const text = String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

const width = 720
const height = 400
const captionWidth = 110

/** The option of a figure as it is exported: on white, with title and caption, without what only a pointer can use. */
export function paperOption(figure: Figure): Option {
  const option = figure.option(paperTheme)
  const grid = option.grid as { top: number; bottom: number }
  const caption = wrap(figure.caption, captionWidth)
  const captionHeight = caption.length * 16 + 12
  const zoom = Array.isArray(option.dataZoom) && option.dataZoom.length > 0
  return {
    ...option,
    backgroundColor: paperTheme.ground,
    tooltip: { show: false },
    dataZoom: [],
    series: unmarked(option.series),
    grid: { ...grid, top: grid.top + 36, bottom: grid.bottom - (zoom ? 16 : 0) + captionHeight },
    title: [
      { text: figure.title, left: 12, top: 8, textStyle: textStyle(15, paperTheme.text) },
      { text: caption.join('\n'), left: 12, bottom: 8, textStyle: textStyle(11, paperTheme.muted) },
    ],
  }
}

/** The chosen step is a matter of the window. */
function unmarked(series: Option['series']): Option['series'] {
  const list = Array.isArray(series) ? series : series ? [series] : []
  return list.map((one) => ({ ...one, markLine: undefined }))
}

const textStyle = (fontSize: number, color: string) => ({
  color,
  fontSize,
  lineHeight: 16,
  fontWeight: 'normal' as const,
  fontFamily: paperTheme.font,
})

/** Breaks at spaces so that no line is longer than `length` letters, unless one word is. */
export function wrap(text: string, length: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= length)
      lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}

/** A whole SVG document. */
export function svgOf(figure: Figure): string {
  const chart = echarts.init(null, undefined, { renderer: 'svg', ssr: true, width, height })
  try {
    chart.setOption(paperOption(figure))
    return chart.renderToSVGString()
  } finally {
    chart.dispose()
  }
}

/** A picture with three pixels to a point (about 300 dpi at 17 cm width). */
export async function pngOf(figure: Figure): Promise<Blob> {
  const canvas = document.createElement('canvas')
  const chart = echarts.init(canvas, undefined, { renderer: 'canvas', width, height, devicePixelRatio: 3 })
  try {
    chart.setOption(paperOption(figure))
    const picture = chart.renderToCanvas({ pixelRatio: 3 })
    const blob = await new Promise<Blob | null>((resolve) => picture.toBlob(resolve, 'image/png'))
    if (blob === null) throw new TypeError('The picture could not be encoded.')
    return blob
  } finally {
    chart.dispose()
  }
}

export type ExportFormat = 'svg' | 'png' | 'csv'

export async function saveFigure(figure: Figure, format: ExportFormat): Promise<void> {
  const blob =
    format === 'svg'
      ? new Blob([svgOf(figure)], { type: 'image/svg+xml' })
      : format === 'csv'
        ? new Blob([csvOf(figure.table)], { type: 'text/csv' })
        : await pngOf(figure)
  saveFile({ fileName: `${figure.fileName}.${format}`, data: blob })
}

/** Puts the picture on the clipboard, or the numbers as tab-separated text, which a spreadsheet takes as cells. */
export async function copyFigure(figure: Figure, what: 'picture' | 'numbers'): Promise<void> {
  if (what === 'picture') {
    await navigator.clipboard.write([new ClipboardItem({ 'image/png': await pngOf(figure) })])
    return
  }
  const rows = [figure.table.columns, ...figure.table.rows]
  await navigator.clipboard.writeText(rows.map((row) => row.map((cell) => cell ?? '').join('\t')).join('\n'))
}

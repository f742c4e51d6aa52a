// What stands beside the crosshair, as elements: names and numbers become text nodes, never HTML.
import type { Figure } from './figure.ts'
import type { ChartTheme } from './theme.ts'

/** The element ECharts shows in its tooltip. */
export function tooltipElement(content: ReturnType<Figure['tooltip']>, theme: ChartTheme): HTMLElement {
  const box = document.createElement('div')
  box.style.cssText = 'font-variant-numeric: tabular-nums; line-height: 18px'
  const title = box.appendChild(document.createElement('div'))
  title.style.fontWeight = '600'
  title.textContent = content.title
  for (const line of content.lines) {
    const row = box.appendChild(document.createElement('div'))
    row.style.cssText = 'display: flex; gap: 8px; align-items: center'
    const mark = row.appendChild(document.createElement('span'))
    mark.style.cssText = 'width: 8px; height: 8px; border-radius: 2px'
    if (line.colour !== null) mark.style.background = theme[line.colour]
    const label = row.appendChild(document.createElement('span'))
    label.style.cssText = `flex: 1; color: ${theme.muted}`
    label.textContent = line.label
    const value = row.appendChild(document.createElement('span'))
    value.textContent = line.value
  }
  return box
}

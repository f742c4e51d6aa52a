import { describe, expect, it } from 'vitest'
import { csvOf, paperOption, svgOf, wrap } from './exportFigure.ts'
import { invalidRateFigure, outcomesFigure } from './runFigures.ts'

const figure = outcomesFigure({ win: 3, limit: 25, running: 2 })

describe('a figure as a file', () => {
  it('writes a table as CSV that a spreadsheet reads back', () => {
    expect(
      csvOf({
        columns: ['a', 'b'],
        rows: [
          [1, 'x,y'],
          [null, 'say "no"\n'],
        ],
      }),
    ).toBe('a,b\r\n1,"x,y"\r\n,"say ""no""\n"\r\n')
  })

  it('is an SVG document with title, caption and labels as text', () => {
    const svg = svgOf(figure)
    expect(svg).toMatch(/^<svg /)
    for (const text of ['Outcomes', 'n = 30 episodes.', 'won', '3 · 10.0 %']) expect(svg).toContain(text)
  })

  it('makes room for title and caption', () => {
    const grid = paperOption(figure).grid as { top: number; bottom: number }
    expect(grid.top).toBe(48)
    expect(grid.bottom).toBeGreaterThan(40)
  })

  it('leaves out what belongs to the window: the chosen step, the zoom, the tooltip', () => {
    const step = Array.from({ length: 80 }, (_, i) => i)
    const half = step.map(() => 0.5)
    const counts = {
      step,
      n: step.map(() => 2),
      invalid: step.map(() => 1),
      invalidLow: half,
      invalidHigh: half,
      meanPromptTokens: half,
      meanNewTokens: half,
      meanReusedTokens: half,
    }
    const option = paperOption(invalidRateFigure(counts, 3))
    expect(option.dataZoom).toEqual([])
    expect(option.tooltip).toEqual({ show: false })
    for (const one of option.series as { markLine?: unknown }[]) expect(one.markLine).toBeUndefined()
  })

  it('breaks a caption at spaces only', () => {
    expect(wrap('one two three', 7)).toEqual(['one two', 'three'])
    expect(wrap('incomprehensible', 4)).toEqual(['incomprehensible'])
  })
})

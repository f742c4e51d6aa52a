import { describe, expect, it } from 'vitest'
import { csvOf, paperOption, svgOf, wrap } from './exportFigure.ts'
import { outcomesFigure } from './runFigures.ts'

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

  it('breaks a caption at spaces only', () => {
    expect(wrap('one two three', 7)).toEqual(['one two', 'three'])
    expect(wrap('incomprehensible', 4)).toEqual(['incomprehensible'])
  })
})

import { describe, expect, it } from 'vitest'
import type { Report } from './blocks.ts'
import { curveFigure, intervalFigure, ticksOf, type Scale } from './figures.ts'
import { htmlReport } from './htmlReport.ts'
import { markdownReport } from './markdownReport.ts'

const hostile = '<script>alert(1)</script> "a" & `b` | # c\n=1+1'
const report: Report = {
  title: hostile,
  subtitle: 'm',
  blocks: [
    { kind: 'heading', text: 'Episodes' },
    { kind: 'text', text: hostile, tone: 'finding' },
    { kind: 'list', items: [hostile] },
    { kind: 'code', text: '```\n<b>' },
    { kind: 'quote', who: 'without', text: hostile },
    { kind: 'table', name: 'rows', caption: 'n = 1', head: ['a', 'b'], rows: [['=SUM(1)', 'x,"y"']] },
    { kind: 'figure', name: 'effects', caption: 'n = 2', svg: '<svg/>' },
  ],
}
const scale: Scale = { title: 'rate', low: 0, high: 1, reference: 0.5, write: (value) => value.toFixed(1) }

describe('a report as a page', () => {
  const page = htmlReport(report)
  it('holds no script and lets none in', () => {
    expect(page).not.toMatch(/<script/i)
    expect(page).toContain("default-src 'none'")
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
  })
  it('asks nothing of the network', () => {
    expect(page).not.toMatch(/(src|href)=/)
    expect(page).not.toMatch(/url\(|@import/)
  })
})

describe('a report as Markdown', () => {
  const files = new Map(markdownReport(report).map(({ path, text }) => [path, text]))
  it('has its figures and tables as files beside it', () => {
    expect([...files.keys()]).toEqual(['report.md', 'tables/rows.csv', 'figures/effects.svg'])
    expect(files.get('report.md')).toContain('](figures/effects.svg)')
  })
  it('keeps what a model wrote from being markup', () => {
    expect(files.get('report.md')).toContain('\\<script\\>')
    expect(files.get('report.md')).not.toMatch(/^# c/m)
  })
  it('keeps a cell from being a formula, and quotes as CSV does', () => {
    expect(files.get('tables/rows.csv')).toBe('a,b\n\'=SUM(1),"x,""y"""\n')
  })
})

describe('figures', () => {
  it('take round ticks', () => {
    expect(ticksOf(0, 1)).toEqual([0, 0.25, 0.5, 0.75, 1])
    expect(ticksOf(-0.5, 0.5)).toEqual([-0.5, -0.25, 0, 0.25, 0.5])
  })
  it('draw an estimate with its interval, and no mark for one that is unknown', () => {
    const rows = [
      { label: 'probe', estimate: { value: 0.8, low: 0.7, high: 0.9 } },
      { label: '<rival>', estimate: { value: null, low: null, high: null } },
    ]
    const svg = intervalFigure(rows, scale, 'label')
    expect(svg.match(/<circle/g)).toHaveLength(1)
    expect(svg.match(/stroke-width="2"/g)).toHaveLength(1)
    expect(svg).toContain('&lt;rival&gt;')
  })
  it('leave a gap where a curve has no value', () => {
    const estimate = { value: 0.4, low: 0.2, high: 0.6 }
    const none = { value: null, low: null, high: null }
    const points = [0, 1, 2].map((x) => ({ x, estimate: x === 1 ? none : estimate }))
    const svg = curveFigure(points, scale, { title: 'step', write: String }, 'label')
    expect(svg.match(/<circle/g)).toHaveLength(2)
    expect(svg).not.toContain('NaN')
  })
})

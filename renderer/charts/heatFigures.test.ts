import { describe, expect, it } from 'vitest'
import { expectGolden } from '../testing/golden.ts'
import {
  attributionFigure,
  confusionFigure,
  sweepFigure,
  transferFigure,
  type SweepCell,
  type TransferCell,
} from './heatFigures.ts'
import { paperTheme } from './theme.ts'

const golden = (name: string) => new URL(`./golden/${name}.json`, import.meta.url)
const interval = (value: number | null) => ({
  value,
  low: value === null ? null : value - 0.05,
  high: value === null ? null : value + 0.05,
})
const cells: SweepCell[] = [0, 8, 15].flatMap((layer) =>
  ['last prompt token', 'mean of prompt'].map((pooling, k) => ({
    ...{ layer, pooling, n: 974 },
    auroc: interval(layer === 8 && k === 1 ? null : 0.6 + layer / 100 - k / 10),
    accuracy: interval(0.7),
  })),
)
const pairs: TransferCell[] = ['0', '1'].flatMap((train) =>
  ['0', '1'].map((test) => ({
    ...{ train, test, n: 40 },
    auroc: interval(test === '1' ? null : 0.7),
    missing: test === '1' ? 'one class only' : null,
  })),
)

describe('layer × pooling', () => {
  it('draws every cell and frames the one that is shown', () => {
    const figure = sweepFigure(cells, { layer: 15, pooling: 'last prompt token' })
    expectGolden(figure.option(paperTheme), golden('sweep'))
  })
  it('finds the cell at a place on its axes, and none outside', () => {
    const { rowAt, table } = sweepFigure(cells, null)
    expect(table.rows[rowAt!(1.2, 0.1)]?.slice(0, 2)).toEqual([8, 'last prompt token'])
    expect(rowAt!(7, 0)).toBe(-1)
  })
  it('says that the best of many is too high, and which it is', () => {
    const figure = sweepFigure(cells, null)
    expect(figure.caption).toContain('best of 6 cells is too high')
    expect(figure.summary).toContain('layer 15 with last prompt token, 0.750')
  })
  it('scales to what is there, also below chance', () => {
    const low = sweepFigure([{ ...cells[0]!, auroc: interval(0.31) }], null).option(paperTheme)
    expect(low.visualMap).toMatchObject({ min: 0.31 })
  })
})

describe('step × step', () => {
  it('leaves cells empty that could not be judged, and says why', () => {
    const figure = transferFigure(pairs)
    const [series] = figure.option(paperTheme).series as { data: unknown[][] }[]
    expect(series?.data.map((cell) => cell[2])).toEqual([0.7, '-', 0.7, '-'])
    expect(figure.tooltip(1).lines[0]?.value).toBe('one class only')
    expect(figure.tooltip(figure.rowAt!(0, 1)).title).toBe('Trained on step 1, judged on 0')
  })
})

describe('confusion', () => {
  it('colours by the share of the true class', () => {
    const figure = confusionFigure(
      ['valid', 'invalid'],
      [
        [173, 96],
        [106, 599],
      ],
    )
    expectGolden(figure.option(paperTheme), golden('confusion'))
    expect(figure.summary).toBe('772 of 974 samples were named rightly (79.3 %).')
    expect(figure.tooltip(figure.rowAt!(1, 0)).title).toBe('valid, called invalid')
  })
  it('has no share for a class that never came', () => {
    const figure = confusionFigure(
      ['no', 'yes'],
      [
        [0, 0],
        [1, 2],
      ],
    )
    expect(figure.table.rows[0]?.[3]).toBeNull()
    expect(confusionFigure([], []).summary).toBe('0 of 0 samples were named rightly.')
  })
})

describe('attribution', () => {
  it('puts zero in the middle of its colours, however lopsided the values', () => {
    const figure = attributionFigure([3, 4], ['Is', ' it'], new Float32Array([1, -0.5, 0, 3]))
    expect(figure.option(paperTheme).visualMap).toMatchObject({ min: -3, max: 3 })
    expect(figure.table.rows[3]).toEqual([4, 1, ' it', 3])
    expect(figure.rowAt!(1, 1)).toBe(3)
    expect(figure.rowAt!(2, 0)).toBe(-1)
  })
})

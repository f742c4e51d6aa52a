import { describe, expect, it } from 'vitest'
import { probeDocument } from '../../main/contract/probes.ts'
import { inventRun } from '../testing/invented.ts'
import { inventDataSet, inventDocument, inventProbe } from '../testing/inventedProbes.ts'
import { contendersOf, curveOf, planeOf, sweepOf, transferOf, weightsOf } from './documentFigures.ts'
import { byStep, errorOf, keyOf, leastSure, mostMistaken } from './mistakes.ts'
import { groupProbes } from './probeGroups.ts'
import { secondsLeft, settingsText, verdictText } from './probeText.ts'

const run = inventRun('r', 'done', {}, { episodes: 12 })
const dataSet = inventDataSet([run], { runIds: ['r'] })
const document = inventDocument([run], dataSet, { dataSetId: dataSet.id })

describe('a document as figures', () => {
  it('is one that the contract would take', () => {
    expect(probeDocument.safeParse(document).error).toBeUndefined()
  })
  it('puts the probe first, then rivals of the same moment by strength, then later ones, then controls', () => {
    const rows = contendersOf(document)
    expect(rows.map(({ kind }) => kind).join(' ')).toMatch(/^probe( rival)+ control$/)
    const rivals = rows.filter(({ kind }) => kind === 'rival')
    const later = rivals.findIndex(({ isAvailable }) => !isAvailable)
    expect(rivals.slice(later).every(({ isAvailable }) => !isAvailable)).toBe(true)
    const values = rivals.slice(0, later).map(({ auroc }) => auroc.value ?? -1)
    expect(values).toEqual([...values].sort((a, b) => b - a))
    expect(rivals.at(later - 1)?.missing).not.toBeNull()
  })
  it('is a curve over steps, or a matrix of pairs of them, never both', () => {
    expect([curveOf(document).length, transferOf(document).length]).toEqual([20, 0])
    const pairs = inventDocument([run], dataSet, { dataSetId: 'd', scope: { kind: 'stepByStep' } })
    expect([curveOf(pairs).length, transferOf(pairs).length]).toEqual([0, 400])
    const window = { ...document, steps: [{ ...document.steps[0]!, testFirst: 0, testLast: 4 }] }
    expect(curveOf(window)[0]?.label).toBe('0–4')
  })
  it('has one direction for two classes, one a class for more, none for a probe that is not linear', () => {
    const named = (coefficients: number[][], classes: string[]) =>
      weightsOf({ ...document, coefficients, data: { ...document.data, classes } }, { kind: 'invalid' }).map(
        ({ name, weights }) => [name, ...weights],
      )
    expect(named([[1, 2]], ['valid', 'invalid'])).toEqual([['invalid', 1, 2]])
    expect(named([[1], [2], [3]], ['a', 'b', 'c'])).toEqual([
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ])
    expect(named([], ['a', 'b'])).toEqual([])
  })
  it('names poolings in words and joins points with their steps', () => {
    expect(sweepOf(document)[0]?.pooling).toBe('last prompt token')
    const rows = [{ runId: 'r', episode: 2, step: 3, label: 1 }]
    const flat = { x: new Float32Array([1]), y: new Float32Array([2]), rows, of: 1, axes: [] }
    const chosen = { runId: 'r', episode: 2, step: 3 }
    const isChosen = (step: typeof chosen | null) =>
      planeOf({ ...flat, method: 'pca' }, ['a', 'b'], { kind: 'invalid' }, step).points[0]?.isChosen
    expect([isChosen(chosen), isChosen({ ...chosen, step: 4 }), isChosen(null)]).toEqual([true, false, false])
    expect(planeOf({ ...flat, method: 'umap' }, ['a', 'b'], { kind: 'invalid' })).toMatchObject({
      ...{ title: 'UMAP', points: [{ x: 1, y: 2, episode: 2, step: 3, label: 1 }] },
    })
  })
})

describe('the most mistaken steps', () => {
  it('are those named wrongly with the most confidence', () => {
    const found = mostMistaken(document, 10)
    const errors = found.map(({ label, probability }) => errorOf({ label, probability: probability! }, 2))
    expect(errors).toHaveLength(10)
    expect(errors).toEqual([...errors].sort((a, b) => b - a))
    expect(Math.min(...errors)).toBeGreaterThan(0.5)
  })
  it('differ from those it was least sure of, which come closest to a half', () => {
    const doubts = leastSure(document, 5).map(({ probability }) => Math.abs(probability! - 0.5))
    expect(doubts).toEqual([...doubts].sort((a, b) => a - b))
    expect(Math.min(...document.predictions.map(({ probability }) => Math.abs(probability - 0.5)))).toBe(
      doubts[0],
    )
  })
  it('are none where every step was named rightly', () => {
    const right = document.predictions.map((one) => ({ ...one, named: one.label, probability: one.label }))
    expect(mostMistaken({ ...document, predictions: right }, 10)).toEqual([])
  })
  it('of several classes are those named another, however small the true one’s probability', () => {
    const [first, second] = document.predictions
    const data = { ...document.data, classes: ['a', 'b', 'c'] }
    const predictions = [
      { ...first!, label: 0, named: 0, probability: 0.4 },
      { ...second!, label: 1, named: 2, probability: 0.3 },
    ]
    expect(mostMistaken({ ...document, data, predictions }, 10)).toEqual([predictions[1]])
  })
  it('counts the true class’s probability where there are several', () => {
    expect(errorOf({ label: 0, probability: 0.1 }, 2)).toBeCloseTo(0.1)
    expect(errorOf({ label: 0, probability: 0.1 }, 3)).toBeCloseTo(0.9)
  })
  it('finds a prediction again by its step', () => {
    const [first] = document.predictions
    expect(byStep(document.predictions).get(keyOf(first!))).toBe(first)
  })
})

describe('the verdict over a result', () => {
  const ahead = { ...document.headline, significant: false, advantage: { value: 0.2, low: 0.1, high: 0.3 } }
  const permutation = { permutations: 100, auroc: [], p: 0.2, selectivity: 0 }
  it('says which control was not tried, rather than that a rival does as well', () => {
    expect(verdictText({ headline: ahead, permutation: null })).toContain('were not tried')
    expect(verdictText({ headline: ahead, permutation: { ...permutation, permutations: 5 } })).toContain(
      'too few',
    )
    expect(verdictText({ headline: ahead, permutation })).toContain('not of shuffled labels')
  })
  it('is about the rivals where these are as good, whatever was permuted', () => {
    const behind = { ...ahead, advantage: { value: 0.1, low: -0.1, high: 0.3 } }
    expect(verdictText({ headline: behind, permutation: null })).toBe('Not ahead of what else could know it')
    expect(verdictText({ headline: { ...ahead, significant: true }, permutation })).toMatch(
      /^Ahead of what else/,
    )
  })
})

describe('the list of probes', () => {
  const later = inventDataSet(
    [run],
    { runIds: ['r'] },
    { id: 'later', name: 'later', createdAt: '2026-02-01' },
  )
  const probes = [inventProbe('one', dataSet), inventProbe('orphan', dataSet, { dataSetId: 'gone' })]
  it('stands under its data sets, the latest first, orphans last', () => {
    const groups = groupProbes([dataSet, later], probes, '')
    expect(groups.map((group) => [group.dataSet?.id ?? null, group.probes.map(({ id }) => id)])).toEqual([
      ['later', []],
      [dataSet.id, ['one']],
      [null, ['orphan']],
    ])
  })
  it('is narrowed by a name of either', () => {
    expect(groupProbes([dataSet, later], probes, 'LATER').map(({ dataSet: one }) => one?.id)).toEqual([
      'later',
    ])
    expect(groupProbes([dataSet, later], probes, 'one')).toHaveLength(1)
    expect(groupProbes([dataSet, later], probes, 'nothing')).toEqual([])
  })
})

describe('a probe in words', () => {
  it('tells how it was trained and judged in one line', () => {
    expect(settingsText(document.settings)).toBe(
      'Logistic regression (liblinear, C = 1.00) · 5 folds of episodes',
    )
  })
  it('foretells its end by its pace so far, once it has one', () => {
    const running = inventProbe('p', dataSet, {
      createdAt: '2026-01-01T00:00:00.000Z',
      progress: { label: '', fraction: 0.25 },
    })
    const start = Date.parse(running.createdAt)
    expect(secondsLeft(running, start + 10_000)).toBe(30)
    expect(secondsLeft({ ...running, progress: { label: '', fraction: 0.01 } }, start + 10_000)).toBeNull()
  })
})

import { describe, expect, it } from 'vitest'
import { plantedRows } from '../../../tests/support/plantedRows.ts'
import { probeDocument, probeSettings, type ProbeSettingsInput } from '../../contract/probes.ts'
import { checkProbeData, judgeProbe, type JudgedProbe } from './judgeProbe.ts'
import type { ProbeData } from './probeData.ts'

const quick = { dataSetId: 'd', permutations: 39, bootstraps: 200 }
const judged = (data: ProbeData, settings: Partial<ProbeSettingsInput> = {}): JudgedProbe =>
  judgeProbe(data, probeSettings.parse({ ...quick, ...settings }), () => {})
const kinds = ({ warnings }: JudgedProbe): string[] => warnings.map(({ kind }) => kind)
const planted = plantedRows({ seed: 'planted', strength: 2 })

describe('a judged probe', () => {
  it('is the document of the contract, and the same when judged again', () => {
    const document = judged(planted)
    const whole = { ...document, seconds: 0 }
    expect(probeDocument.parse(whole)).toEqual(whole)
    expect(JSON.parse(JSON.stringify(whole))).toEqual(whole)
    expect(judged(planted)).toEqual(document)
  })

  it('finds a direction beyond the labels’ own history, and says so', () => {
    const { headline, figures, coefficients, permutation } = judged(planted)
    expect(headline.significant).toBe(true)
    expect(headline.advantage.low!).toBeGreaterThan(0)
    expect(figures.auroc.value!).toBeGreaterThan(0.85)
    expect(permutation!.p).toBe(1 / 40)
    const [weights] = coefficients
    expect(Math.abs(weights[0])).toBe(Math.max(...weights.map(Math.abs)))
  })

  it('with fewer than 20 permutations says that they are too few, not that shuffled labels do as well', () => {
    const strong = plantedRows({ seed: 'strong', strength: 6 })
    const few = judged(strong, { permutations: 19 })
    expect(kinds(few)).toContain('fewPermutations')
    expect(kinds(few)).not.toContain('shuffledAsGood')
    expect(few.headline.sentence).toContain('19 permutations are too few')
    const enough = judged(strong, { permutations: 20 })
    expect(kinds(enough)).not.toContain('fewPermutations')
    expect(enough.headline.significant).toBe(true)
  })

  it('warns that earlier labels do as well where the features hold nothing else', () => {
    const document = judged(plantedRows({ seed: 'history', strength: 0, history: 4 }))
    expect(document.figures.auroc.value!).toBeGreaterThan(0.6)
    expect(document.headline.significant).toBe(false)
    expect(document.headline.rival).toMatch(/previousLabels|promptFacts/)
    expect(kinds(document)).toContain('rivalAsGood')
  })

  it('gives a rival that reads a constant no edge from the folds’ shares of the classes', () => {
    const { rivals } = judged(planted)
    expect(rivals.find(({ kind }) => kind === 'questionMark')!.auroc.value).toBe(0.5)
  })

  it('warns where the labels of earlier steps may have changed since', () => {
    expect(kinds(judged({ ...planted, areEarlierLabelsLive: true }, { permutations: 0 }))).toContain(
      'liveLabels',
    )
  })

  it('compares a probe before the answer with what was known then, unless asked', () => {
    const shouting = {
      ...planted,
      completions: planted.completions.map((text, row) => (planted.labels[row] ? text : `${text}?`)),
    }
    const document = judged(shouting)
    expect(document.headline.rival).not.toMatch(/questionMark|completion/)
    expect(kinds(document)).toContain('laterRivalAsGood')
    const asked = judged(shouting, { laterRivals: true })
    expect(asked.headline.rival).toMatch(/questionMark|completionWords/)
    expect(asked.headline.significant).toBe(false)
  })

  it('warns where the pooling holds the answer, and compares with the answer then', () => {
    const after = judged({ ...planted, poolings: ['mean'], read: planted.read })
    expect(kinds(after)).toContain('poolingHasAnswer')
    expect(after.rivals.every(({ available }) => available)).toBe(true)
  })

  it('sweeps layers and poolings, chooses the best and warns that it did', () => {
    const noise = plantedRows({ seed: 'noise' }).read(3, 'lastPrompt')
    const data: ProbeData = {
      ...planted,
      layers: [1, 3],
      poolings: ['lastPrompt', 'meanPrompt'],
      read: (layer, pooling) => (layer === 3 && pooling === 'lastPrompt' ? planted.read(3, pooling) : noise),
    }
    const seen: number[] = []
    const settings = probeSettings.parse(quick)
    const document = judgeProbe(data, settings, () => {}, { onCell: ({ layer }) => seen.push(layer) })
    expect(seen).toEqual([1, 1, 3, 3])
    expect([document.layer, document.pooling]).toEqual([3, 'lastPrompt'])
    expect(kinds(document)).toContain('chosenOnTest')
    const resumed: number[] = []
    const again = judgeProbe(data, settings, () => {}, {
      knownCells: document.cells.slice(0, 3),
      onCell: ({ layer }) => resumed.push(layer),
    })
    expect(resumed).toEqual([3])
    expect(again).toEqual(document)
  })

  it('says where it is, from 0 to 1 and never backwards', () => {
    const fractions: number[] = []
    judgeProbe(planted, probeSettings.parse({ ...quick, scope: { kind: 'perStep' } }), (label, fraction) => {
      expect(label).not.toBe('')
      fractions.push(fraction)
    })
    expect(fractions).toEqual(fractions.toSorted((a, b) => a - b))
    expect(fractions[0]).toBe(0)
    expect(fractions.at(-1)!).toBeLessThan(1)
  })

  it.each([
    { kind: 'logistic', solver: 'lbfgs', C: 'nested' },
    { kind: 'meanDifference' },
    { kind: 'lda' },
    { kind: 'lda', shrinkage: 0.1 },
    { kind: 'ridge' },
    { kind: 'mlp', hidden: 8 },
  ] as const)('finds it with $kind too', (estimator) => {
    const document = judged(planted, { estimator, permutations: 0, standardize: true })
    expect(document.figures.auroc.value!).toBeGreaterThan(0.8)
    expect(document.figures.brier.value!).toBeLessThan(0.2)
    expect(document.converged).toBe(true)
    expect(kinds(document)).toContain('noPermutations')
    expect(document.headline.significant).toBe(false)
  })

  it('coefficients and intercept give the probabilities of linear probes', () => {
    const values = planted.read(3, 'lastPrompt')
    for (const estimator of [
      { kind: 'logistic' },
      { kind: 'meanDifference' },
      { kind: 'lda' },
      { kind: 'ridge' },
    ] as const) {
      // Trained on one run and judged on the other, the stored probe is the judged one.
      const runs = planted.keys.map((key) => ({ ...key, runId: key.episode < 20 ? 'a' : 'b' }))
      const document = judged(
        { ...planted, keys: runs },
        { estimator, permutations: 0, standardize: true, split: { kind: 'transfer', testRunIds: ['b'] } },
      )
      expect(document.predictions).toHaveLength(100)
      for (const { episode, step, probability } of document.predictions) {
        const row = episode * 10 + step
        const odds = document.coefficients[0].reduce(
          (sum, w, d) => sum + w * values[row * 24 + d],
          document.intercept[0],
        )
        expect(1 / (1 + Math.exp(-odds))).toBeCloseTo(probability, 9)
      }
    }
  })

  it('tells several classes apart by softmax', () => {
    const labels = planted.labels.map((label, row) => (label === 1 ? 1 : row % 3 === 0 ? 2 : 0))
    const values = planted.read(3, 'lastPrompt').slice()
    labels.forEach((label, row) => (values[row * 24 + 5] += label === 2 ? 3 : 0))
    const data = { ...planted, labels, classes: ['a', 'b', 'c'], read: () => values }
    const document = judged(data, { estimator: { kind: 'logistic', solver: 'lbfgs' }, permutations: 19 })
    expect(document.coefficients).toHaveLength(3)
    expect(document.figures.auroc.value!).toBeGreaterThan(0.8)
    expect(document.confusion).toHaveLength(3)
    expect(document.figures.tprAt1.value).toBeNull()
    expect(() => judged(data, { estimator: { kind: 'logistic' } })).toThrow(/liblinear with 3 classes/)
    expect(() => judged(data, { estimator: { kind: 'meanDifference' } })).toThrow(/one direction/)
  })
})

describe('single steps', () => {
  it('have a probe each where there is enough to learn, and a reason where not', () => {
    const { labels } = planted
    const data = { ...planted, labels: labels.map((label, row) => (row % 10 === 4 ? 1 : label)) }
    const { steps, warnings } = judged(data, { scope: { kind: 'perStep' }, permutations: 0 })
    expect(steps.map(({ testFirst }) => testFirst)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(steps[4]).toMatchObject({ n: 0, missing: 'All rows have the same label here.' })
    expect(steps[5]).toMatchObject({ n: 30, missing: null })
    expect(steps[5].auroc.value!).toBeGreaterThan(0.6)
    expect(warnings.find(({ kind }) => kind === 'oneClassAtStep')!.text).toContain('step 4')
  })

  it('are told apart for the probe of all steps too, from the very predictions that it is judged by', () => {
    const { steps, predictions, figures } = judged(planted, { permutations: 0 })
    expect(steps.map(({ testFirst, testLast }) => [testFirst, testLast])).toEqual(
      Array.from({ length: 10 }, (_, step) => [step, step]),
    )
    expect(steps.reduce((sum, { n }) => sum + n, 0)).toBe(figures.n)
    for (const { testFirst, n, positives, accuracy, trainFirst, trainLast } of steps) {
      const own = predictions.filter(({ step }) => step === testFirst)
      const right = own.filter(({ label, probability }) => Number(probability >= 0.5) === label)
      expect([n, positives]).toEqual([own.length, own.filter(({ label }) => label === 1).length])
      expect(accuracy.value).toBeCloseTo(right.length / own.length, 12)
      expect([trainFirst, trainLast]).toEqual([0, 9])
    }
  })

  it('of the probe of all steps have an accuracy but no AUROC where all rows share a label', () => {
    const data = { ...planted, labels: planted.labels.map((label, row) => (row % 10 === 4 ? 1 : label)) }
    const [, , , , fourth] = judged(data, { permutations: 0 }).steps
    expect(fourth).toMatchObject({ missing: expect.stringContaining('both classes'), auroc: { value: null } })
    expect(fourth.accuracy.value).not.toBeNull()
  })

  it('go together in windows', () => {
    const { steps } = judged(planted, { scope: { kind: 'windows', size: 4 }, permutations: 0 })
    expect(steps.map(({ testFirst, testLast, n }) => [testFirst, testLast, n])).toEqual([
      [0, 3, 120],
      [4, 7, 120],
      [8, 11, 60],
    ])
  })

  it('can be judged on each other, where the diagonal is the step’s own probe', () => {
    const settings = { permutations: 0, split: { kind: 'episode' } } as const
    const { steps } = judged(planted, { ...settings, scope: { kind: 'stepByStep' } })
    const own = judged(planted, { ...settings, scope: { kind: 'perStep' } }).steps
    expect(steps).toHaveLength(100)
    for (const step of own) {
      const same = steps.find((of) => of.trainFirst === step.trainFirst && of.testFirst === step.testFirst)!
      expect(same.n).toBe(step.n)
      expect(same.auroc.value).toBe(step.auroc.value)
    }
  })
})

it('a rival that could not be judged is not said to have been available', () => {
  const rivals = [{ kind: 'embedding' as const, read: () => null }]
  const { rivals: found } = judged({ ...planted, rivals }, { permutations: 0 })
  expect(found.at(-1)).toMatchObject({ kind: 'embedding', available: false, auroc: { value: null } })
  expect(found.at(-1)!.missing).toContain('replay')
})

it('makes 20 permutations of a perceptron, tells each, and says that more were asked for', () => {
  const small = plantedRows({ seed: 'mlp', episodes: 10, steps: 4, width: 4, strength: 6 })
  const told: number[] = []
  const settings = probeSettings.parse({ ...quick, estimator: { kind: 'mlp', hidden: 2, epochs: 5 } })
  const document = judgeProbe(small, settings, (label, fraction) => {
    if (label === 'Shuffled labels') told.push(fraction)
  })
  expect(document.permutation!.permutations).toBe(20)
  expect(told).toHaveLength(20)
  expect(document.warnings.find(({ kind }) => kind === 'permutationsReduced')!.text).toContain(
    'instead of 39',
  )
})

it('warns that a step chosen by its figure is chosen on test data, where there is a choice of steps', () => {
  const perStep = judged(planted, { scope: { kind: 'perStep' }, permutations: 0 })
  const top = perStep.steps.reduce((best, step) =>
    (step.auroc.value ?? 0) > (best.auroc.value ?? 0) ? step : best,
  )
  const warning = perStep.warnings.find(({ kind }) => kind === 'stepChosenOnTest')!
  expect(warning.text).toContain(`step ${top.testFirst} is the highest`)
  expect(kinds(judged(planted, { permutations: 0 }))).not.toContain('stepChosenOnTest')
})

it('warns where the norm of a mean tells how many tokens it is of, and only of means', () => {
  const long = planted
    .read(3, 'lastPrompt')
    .map((value, i) => value / planted.promptTokens[Math.floor(i / 24)])
  const leaking = { ...planted, read: () => long }
  const ofMean = judged({ ...leaking, poolings: ['meanPrompt'] }, { permutations: 0 })
  expect(ofMean.warnings.find(({ kind }) => kind === 'normLeaksLength')!.text).toMatch(/correlation \.9|1\.0/)
  expect(kinds(judged(leaking, { permutations: 0 }))).not.toContain('normLeaksLength')
  expect(kinds(judged({ ...planted, poolings: ['meanPrompt'] }, { permutations: 0 }))).not.toContain(
    'normLeaksLength',
  )
})

describe('few pairs', () => {
  const separable = plantedRows({ seed: 'few', episodes: 8, steps: 2, width: 6, strength: 40 })
  it('of a probe that ranks all of them rightly do not give an interval from 1 to 1, and a warning counts them', () => {
    const { figures, warnings } = judged(separable, { split: { kind: 'grouped', folds: 2 }, permutations: 0 })
    expect(figures.auroc.value).toBe(1)
    expect(figures.pairs!).toBeLessThan(10)
    expect(figures.auroc.low!).toBeLessThan(0.8)
    expect(warnings.find(({ kind }) => kind === 'fewPairs')!.text).toContain(`${figures.pairs} pairs`)
  })
  it('at single steps are counted there, and the warning names the steps', () => {
    const document = judged(planted, { scope: { kind: 'perStep' }, permutations: 0 })
    const scarce = document.steps.filter(({ pairs }) => pairs !== null && pairs < 10)
    const text = document.warnings.find(({ kind }) => kind === 'fewPairs')?.text ?? ''
    expect(scarce.length).toBeGreaterThan(0)
    for (const { testFirst } of scarce) expect(text).toContain(String(testFirst))
    for (const { pairs, auroc } of scarce) expect(auroc.high! - auroc.low!).toBeGreaterThan(0.4 / pairs!)
  })
  it('are none to speak of where there are many', () => {
    const many = plantedRows({ seed: 'many', episodes: 80, steps: 4, width: 6, strength: 2 })
    expect(kinds(judged(many, { permutations: 0 }))).not.toContain('fewPairs')
  })
})

describe('data that cannot be probed are refused before an activation is read', () => {
  const unread = { ...planted, read: () => expect.unreachable('an activation was read') }
  const check = (data: ProbeData, settings: Partial<ProbeSettingsInput> = {}): void =>
    checkProbeData(data, probeSettings.parse({ ...quick, ...settings }))

  it('one class', () => {
    expect(() => check({ ...unread, labels: unread.labels.map(() => 1) })).toThrow(/all belong to “invalid”/)
  })
  it('fewer episodes than folds', () => {
    expect(() => check(unread, { split: { kind: 'grouped', folds: 31 } })).toThrow(
      /needs 31 episodes, there are 30/,
    )
  })
  it('one episode to learn from and none to judge', () => {
    expect(() =>
      check({ ...unread, groups: unread.groups.map(() => 0) }, { split: { kind: 'episode' } }),
    ).toThrow(/needs 2 episodes, there are 1/)
  })
  it('tasks without categories', () => {
    expect(() => check({ ...unread, categories: null }, { split: { kind: 'category' } })).toThrow(
      /at least two/,
    )
  })
  it('no row of the run to judge', () => {
    expect(() => check(unread, { split: { kind: 'transfer', testRunIds: ['other'] } })).toThrow(
      /No row is left to judge/,
    )
  })
  it('no row at all', () => {
    expect(() => check({ ...unread, rows: 0, labels: new Int32Array(0) })).toThrow(/No row/)
  })
  it('good data pass', () => {
    expect(() => check(unread)).not.toThrow()
  })

  it('a feature that is no number is named when it is read', () => {
    const values = planted.read(3, 'lastPrompt').slice()
    values[5 * 24 + 7] = Number.NaN
    expect(() => judged({ ...planted, read: () => values })).toThrow('Row 5, column 7 is NaN.')
  })
})

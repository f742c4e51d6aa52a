import { describe, expect, it } from 'vitest'
import { probeSettings, type ProbeSettings } from '../../main/contract/probes.ts'
import { checkProbe, draftOfSettings, isSameProbe, newProbe, type ProbeDraft } from './probeDraft.ts'

const draft = (change: Partial<ProbeDraft> = {}): ProbeDraft => ({ ...newProbe(), ...change })
const settingsOf = (change: Partial<ProbeDraft>) => checkProbe(draft(change), 'd').settings
const faultsOf = (change: Partial<ProbeDraft>) => checkProbe(draft(change), 'd').faults

describe('the fields of a probe', () => {
  it('make the contract’s defaults where nothing was changed', () => {
    expect(settingsOf({})).toEqual(probeSettings.parse({ dataSetId: 'd' }))
  })
  it('make every estimator, split and scope, and return from them as they were', () => {
    const changes: Partial<ProbeDraft>[] = [
      { estimator: 'logistic', solver: 'lbfgs', isNested: true, tolerance: 1e-8, maxIterations: 7 },
      { estimator: 'lda', isAutoShrunk: false, shrinkage: 0.3, split: 'object', folds: 7 },
      { estimator: 'ridge', alpha: 2, split: 'category', scope: 'perStep' },
      {
        estimator: 'mlp',
        hidden: 16,
        weightDecay: 0,
        epochs: 3,
        split: 'episode',
        testShare: 0.3,
        splitSeed: 7,
      },
      { estimator: 'meanDifference', split: 'transfer', testRunIds: ['b'], scope: 'windows', windowSize: 4 },
      { standardize: true, isBalanced: true, scope: 'stepByStep', permutations: 0, laterRivals: true },
      { layers: [3, 8], poolings: ['mean'], bootstraps: 500, seed: 7 },
    ]
    for (const change of changes) {
      const settings = settingsOf(change)
      expect(settings, JSON.stringify(faultsOf(change))).not.toBeNull()
      expect(draftOfSettings(settings!)).toEqual(draft(change))
    }
  })
  it('say beside which field they are wrong', () => {
    const wrong: Partial<ProbeDraft>[] = [
      { C: 0 },
      { estimator: 'lda', isAutoShrunk: false, shrinkage: 2 },
      { estimator: 'ridge', alpha: null },
      { estimator: 'mlp', hidden: 0.5 },
      { tolerance: 0 },
      { maxIterations: null },
      { estimator: 'mlp', weightDecay: -1 },
      { estimator: 'mlp', epochs: 0 },
      { folds: 1 },
      { split: 'episode', testShare: 1 },
      { split: 'transfer', testRunIds: [] },
      { scope: 'windows', windowSize: 0 },
      { permutations: -1 },
      { bootstraps: 10 },
      { seed: null },
    ]
    const named = wrong.map((change) => Object.keys(faultsOf(change)))
    expect(named).toEqual([
      ...[['C'], ['shrinkage'], ['alpha'], ['hidden']],
      ...[['tolerance'], ['maxIterations'], ['weightDecay'], ['epochs'], ['folds'], ['testShare']],
      ...[['testRunIds'], ['windowSize'], ['permutations'], ['bootstraps'], ['seed']],
    ])
  })
  it('do not mind a wrong number that no choice asks for', () => {
    expect(faultsOf({ estimator: 'meanDifference', C: null, alpha: null })).toEqual({})
  })
})

describe('the same probe', () => {
  const one = probeSettings.parse({ dataSetId: 'd', name: 'one', layers: [3] })
  it('may have another name', () => {
    expect(isSameProbe(one, { ...one, name: 'other' })).toBe(true)
  })
  it('is none that differs in anything that changes its numbers', () => {
    const changes: Partial<ProbeSettings>[] = [
      { dataSetId: 'e' },
      { layers: [4] },
      { layers: null },
      { poolings: ['mean'] },
      { estimator: { ...one.estimator, C: 2 } as ProbeSettings['estimator'] },
      { standardize: true },
      { classWeight: 'balanced' },
      { split: { kind: 'grouped', folds: 7, seed: 42 } },
      { scope: { kind: 'perStep' } },
      ...[{ permutations: 0 }, { bootstraps: 200 }, { laterRivals: true }, { seed: 1 }],
    ]
    expect(changes.filter((change) => isSameProbe(one, { ...one, ...change }))).toEqual([])
  })
})

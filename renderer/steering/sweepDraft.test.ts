import { describe, expect, it } from 'vitest'
import { sweepPresets, sweepSettings } from '../../main/contract/sweeps.ts'
import {
  checkSweep,
  draftOfSweep,
  newSweepDraft,
  presetFields,
  presetOf,
  readDoses,
  type SweepDraft,
} from './sweepDraft.ts'
import { plainSettings } from './vectorDefaults.ts'

const base = plainSettings('m')
const draft = (change: Partial<SweepDraft> = {}): SweepDraft => ({
  ...newSweepDraft(),
  ...{ vectors: ['v1'], modelId: 'm' },
  ...change,
})
const faultsOf = (change: Partial<SweepDraft>) => checkSweep(draft(change), base, 6).faults
const settingsOf = (change: Partial<SweepDraft> = {}) => {
  const { settings, faults } = checkSweep(draft(change), base, 6)
  if (!settings) throw new TypeError(JSON.stringify(faults))
  return settings
}

describe('doses as they are typed', () => {
  it('are numbers with any sign, each once', () => {
    expect(readDoses('0.5, 1 2;4,1')).toEqual([0.5, 1, 2, 4])
    expect(readDoses('−4, 1e6')).toEqual([-4, 1e6])
  })
  it('are none where anything else stands among them, or nothing', () => {
    for (const text of ['', ' , ', '1, two', '1,Infinity']) expect(readDoses(text)).toBeNull()
  })
})

describe('presets', () => {
  it('are those of the contract, and are told apart from what was changed by hand', () => {
    expect(presetFields('quick', 'vector')).toMatchObject({
      episodes: sweepPresets.quick.episodes,
      alphas: '1, 4',
    })
    for (const name of ['quick', 'careful'] as const)
      expect(presetOf(draft(presetFields(name, 'vector')))).toBe(name)
    expect(presetOf(draft({ ...presetFields('careful', 'vector'), episodes: 51 }))).toBeNull()
  })
  it('take smaller doses where a dose of one is a whole residual', () => {
    expect(presetFields('quick', 'valueNorm').alphas).toBe('0.25, 1')
    expect(presetOf(draft({ unit: 'valueNorm', ...presetFields('careful', 'valueNorm') }))).toBe('careful')
  })
})

describe('the settings that fields make', () => {
  it('are a sweep that captures nothing and is played like the run', () => {
    const settings = settingsOf({ systemPrompt: 'Be brief.', temperature: 0.7 })
    expect(settings).toMatchObject({ vectors: ['v1'], alphas: [1, 4], capture: { hooks: [] } })
    expect(settings.environment.systemPrompt).toBe('Be brief.')
    expect(settings.sampling.temperature).toBe(0.7)
    expect('interventions' in settings).toBe(false)
  })
  it('name where, when and under which condition', () => {
    const settings = settingsOf({
      ...{ places: ['lastPrompt', 'firstGenerated', 'decaying'], firstGenerated: 3, halfLife: 8 },
      ...{ layers: '2-3', steps: '0-4', unit: 'valueNorm', worthwhile: 15 },
      ...{ isGated: true, gateVector: 'v2', gateSide: 'below', gateThreshold: 0.5 },
    })
    expect(settings.places).toEqual([
      { kind: 'lastPrompt' },
      { kind: 'firstGenerated', count: 3 },
      { kind: 'decaying', halfLife: 8 },
    ])
    expect(settings).toMatchObject({ layers: [2, 3], steps: [0, 1, 2, 3, 4], unit: 'valueNorm' })
    expect(settings.gate).toEqual({ vector: 'v2', below: 0.5, alsoWithout: true })
    const byProbe = settingsOf({ isGated: true, gateBy: 'probe', gateProbe: 'p1', gateRate: 10 })
    expect(byProbe.gate).toEqual({ probe: { id: 'p1', falsePositiveRate: 0.1 }, alsoWithout: true })
    expect(settings.verdict.worthwhile).toBe(0.15)
  })
  it('count what a step is labelled with, by its value', () => {
    const environment = settingsOf({ outcome: 'environment', outcomeLabel: 'words', outcomeEquals: '4' })
    expect(environment.outcome).toEqual({ kind: 'environment', label: 'words', equals: 4 })
    expect(settingsOf({ outcome: 'text', outcomeContains: '?' }).outcome).toMatchObject({ contains: '?' })
  })
  it('come back as the fields they were made of', () => {
    const fields = draft({
      ...{ name: 'mine', alphas: '0.5, 1', layers: '2,3', steps: '0-4', places: ['all', 'decaying'] },
      ...{ isGated: true, gateVector: 'v2', gateThreshold: 2.5, prompt: 'Ask.', orthogonalTo: ['v3'] },
      ...{ outcome: 'text', outcomeContains: '?', wanted: 'up', worthwhile: 5, seed: 9, halfLife: 4 },
    })
    const { settings } = checkSweep(fields, base, 6)
    expect(draftOfSweep(sweepSettings.parse(settings))).toEqual(fields)
  })
})

describe('faults', () => {
  it('stand beside the field that they are of', () => {
    expect(faultsOf({ alphas: 'strong' }).alphas).toMatch(/doses/)
    expect(faultsOf({ alphas: '0, 1' }).alphas).toMatch(/baseline/)
    expect(faultsOf({ layers: '9' }).layers).toMatch(/layers 0 to 5/)
    expect(faultsOf({ steps: 'early' }).steps).toMatch(/0-4/)
    expect(faultsOf({ vectors: [] }).vectors).toMatch(/at least one/)
    expect(faultsOf({ places: [] }).places).toMatch(/at least one/)
    expect(faultsOf({ random: null }).random).toMatch(/whole number/)
    expect(faultsOf({ places: ['firstGenerated'], firstGenerated: 0 }).firstGenerated).toMatch(/from 1/)
    expect(faultsOf({ isGated: true, gateVector: 'v2', gateThreshold: null }).gateThreshold).toMatch(/number/)
    expect(faultsOf({ isGated: true, gateBy: 'probe', gateProbe: 'p', gateRate: 120 }).gateRate).toMatch(
      /0 to 100/,
    )
    expect(faultsOf({ isGated: true, gateBy: 'probe' }).gateProbe).toMatch(/Choose a probe/)
    expect(faultsOf({ outcome: 'text' }).outcomeContains).toMatch(/words/)
    expect(faultsOf({ worthwhile: null }).worthwhile).toMatch(/above 0/)
    expect(faultsOf({ episodes: 0 }).episodes).toMatch(/from 1/)
  })
  it('leave no settings to be started with', () => {
    expect(checkSweep(draft({ alphas: '' }), base, 6).settings).toBeNull()
    expect(checkSweep(draft({ layers: '9' }), base, 6).settings).toBeNull()
  })
})

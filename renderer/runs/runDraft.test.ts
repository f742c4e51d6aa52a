import { errors } from '../../main/contract/errors.ts'
import { describe, expect, it } from 'vitest'
import { collectSettings } from '../../main/contract/runs.ts'
import { checkDraft, draftOf, newDraft, standardName, type RunDraft, placeOfRefusal } from './runDraft.ts'

const good: RunDraft = { ...newDraft(), modelId: 'smol', layers: '15' }
const faults = (change: Partial<RunDraft>, layers: number | null = 30) =>
  checkDraft({ ...good, ...change }, layers).faults

describe('checkDraft', () => {
  it('turns the defaults into the study’s settings', () => {
    const { settings } = checkDraft(good, 30)
    expect(settings).toMatchObject({
      modelId: 'smol',
      episodes: 30,
      seed: 0,
      environment: { name: 'twenty_questions', protocol: 'history-only', maxSteps: 20, objects: 'archer' },
      oracle: { kind: 'kb', strictness: 'lenient' },
      sampling: { temperature: 1, maxNewTokens: 64 },
      capture: { hooks: ['blocks.15.hook_resid_post'], positions: 'decision', dtype: 'float32' },
    })
  })
  it('wants a model', () => {
    expect(faults({ modelId: '' })).toEqual({ modelId: 'Choose a model.' })
  })
  it('says of an emptied, fractional or too large number what it should be', () => {
    expect(faults({ episodes: null }).episodes).toBe('Give a number.')
    expect(faults({ episodes: 0 }).episodes).toBe('At least 1.')
    expect(faults({ episodes: 100_001 }).episodes).toBe('At most 100,000.')
    expect(faults({ seed: 1.5 }).seed).toBe('A whole number, please.')
    expect(faults({ topP: 0 }).topP).toBe('More than 0.')
  })
  it('puts each fault beside its own field, all at once', () => {
    const found = faults({ temperature: -1, layers: '99', selection: 'five', maxSteps: 0 })
    expect(Object.keys(found).sort()).toEqual(['layers', 'maxSteps', 'selection', 'temperature'])
  })
  it('checks the endpoint only when it is the oracle', () => {
    expect(faults({ baseUrl: 'nonsense' })).toEqual({})
    expect(faults({ oracle: 'openai', baseUrl: 'nonsense', oracleModel: ' ' })).toEqual({
      baseUrl: 'Give an address such as http://127.0.0.1:11434/v1.',
      oracleModel: 'Cannot be empty.',
    })
  })
  it('reads own objects one a line and refuses none', () => {
    const { settings } = checkDraft({ ...good, objects: 'own', ownObjects: ' cat \n\n tea pot ' }, 30)
    expect(settings?.environment).toMatchObject({ objects: ['cat', 'tea pot'] })
    expect(faults({ objects: 'own', ownObjects: ' \n ' })).toHaveProperty('ownObjects')
  })
  it('takes the selections that the engine knows', () => {
    for (const selection of ['', ':5', ':0:10', ':3:', '@2/8', ' :5 '])
      expect(faults({ selection })).toEqual({})
    for (const selection of ['5', ':', '@2', ':a']) expect(faults({ selection })).toHaveProperty('selection')
  })
  it('says while it is typed that a selection is empty in the list it is about', () => {
    const lists = [{ name: 'archer', objects: Array.from({ length: 157 }, (_, i) => `Object ${i}`) }]
    const selectionOf = (change: Partial<RunDraft>) =>
      checkDraft({ ...good, ...change }, 30, lists).faults.selection
    expect(selectionOf({ selection: ':156' })).toBeUndefined()
    expect(selectionOf({ selection: ':200' })).toContain('157')
    expect(selectionOf({ selection: ':5', objects: 'own', ownObjects: 'cat\ntea pot' })).toContain('2')
    expect(selectionOf({ selection: ':200', environment: 'number_hunt', upTo: 300 })).toBeUndefined()
    expect(selectionOf({ selection: ':200', objects: 'simple' })).toBeUndefined()
  })
  it('takes the address of the web only', () => {
    for (const baseUrl of ['ftp://x', 'file:///etc', 'localhost:11434'])
      expect(faults({ oracle: 'openai', baseUrl }), baseUrl).toHaveProperty('baseUrl')
    expect(faults({ oracle: 'openai', baseUrl: 'http://localhost:11434/v1' })).toEqual({})
  })
  it('reads interventions, and refuses a list with a fault', () => {
    const item = { kind: 'zeroAblate', hook: 'blocks.1.hook_mlp_out', positions: 'all' }
    const { settings } = checkDraft({ ...good, interventions: JSON.stringify([item]) }, 30)
    expect(settings?.interventions).toEqual([{ ...item, ifAbsent: 'error' }])
    expect(checkDraft(good, 30).settings?.interventions).toEqual([])
    for (const interventions of ['[', '{}', JSON.stringify([{ ...item, position: 'all' }])]) {
      const found = checkDraft({ ...good, interventions }, 30)
      expect(found.settings, interventions).toBeNull()
      expect(Object.keys(found.faults), interventions).toEqual(['interventions'])
    }
  })
  it('leaves the oracle out of Number Hunt', () => {
    const { settings } = checkDraft(
      { ...good, environment: 'number_hunt', oracle: 'openai', baseUrl: '' },
      30,
    )
    expect(settings).toMatchObject({
      environment: { name: 'number_hunt', upTo: 100 },
      oracle: { kind: 'kb' },
    })
  })
})

it('a run without a name is left to the engine to name', () => {
  expect(standardName(good, 'Smol')).toBe('Smol, 30 × 20, T 1, seed 0')
  expect(standardName({ ...good, device: 'webgpu' }, 'Smol')).toBe('Smol, 30 × 20, T 1, seed 0, webgpu')
  const hunt = { environment: 'number_hunt' as const, episodes: null, temperature: 0.5, seed: 7 }
  expect(standardName({ ...good, ...hunt }, 'Smol')).toBe('Smol, number hunt, … × 20, T 0.5, seed 7')
  expect(checkDraft({ ...good, name: ' ' }, 30).settings?.name).toBe('')
  expect(checkDraft({ ...good, name: ' mine ' }, 30).settings?.name).toBe('mine')
})

it('draftOf makes the same settings again, hooks it has no field for included', () => {
  const settings = collectSettings.parse({
    modelId: 'smol',
    environment: {
      name: 'twenty_questions',
      objects: ['cat'],
      winRule: 'substring',
      selection: ':0:1',
      systemPrompt: 'Be short.',
    },
    oracle: { kind: 'openai', baseUrl: 'http://127.0.0.1:1/v1', model: 'm', retries: 0 },
    sampling: { temperature: 0.7, stopTokens: ['<|im_end|>'] },
    capture: {
      hooks: ['blocks.0.hook_resid_post', 'blocks.1.hook_resid_post', 'ln_final.hook_normalized'],
      positions: 'all',
    },
    computeDtype: 'int8',
    device: 'webgpu',
    interventions: [
      {
        kind: 'add',
        hook: 'blocks.15.hook_resid_post',
        positions: 'all',
        vector: { values: [0.5] },
        alpha: 4,
      },
    ],
    seed: 42,
    name: 'mine',
  })
  expect(checkDraft({ ...draftOf(settings), name: 'mine' }, 30)).toEqual({ settings, faults: {} })
  const hunt = collectSettings.parse({
    ...settings,
    environment: { name: 'number_hunt', upTo: 50 },
    oracle: { kind: 'kb' },
  })
  expect(checkDraft({ ...draftOf(hunt), name: 'mine' }, 30).settings).toEqual(hunt)
})

describe('what the engine refuses', () => {
  const place = (field: string) => placeOfRefusal(errors.invalidInput({ field, reason: 'too much' }).report())

  it('lands beside the field that its path names, places in lists left out', () => {
    expect(place('environment.maxSteps')).toEqual(['maxSteps', 'Too much.'])
    expect(place('sampling.stopTokens.0')).toEqual(['stopTokens', 'Too much.'])
    expect(place('capture.hooks.3')).toEqual(['layers', 'Too much.'])
    expect(place('oracle.model')).toEqual(['oracleModel', 'Too much.'])
    const dtype = errors.dtypeUnavailable({ path: '/m', dtype: 'gguf', reason: 'its weights are float32' })
    expect(placeOfRefusal(dtype.report())?.[0]).toBe('computeDtype')
    const device = errors.deviceUnavailable({ device: 'dml', available: ['cpu'] })
    expect(placeOfRefusal(device.report())?.[0]).toBe('device')
    expect(placeOfRefusal(errors.selectionInvalid({ selection: '@9' }).report())?.[0]).toBe('selection')
  })

  it('belongs to the interventions where one is meant', () => {
    const width = errors.interventionWidth({
      intervention: '1, add',
      what: 'vector',
      hook: 'blocks.3.hook_resid_post',
      expected: 576,
      actual: 8,
    })
    expect(placeOfRefusal(width.report())).toEqual(['interventions', expect.stringContaining('576')])
    expect(place('interventions.0.vector.file')?.[0]).toBe('interventions')
    const typo = errors.hookUnknown({ hook: 'blocks.1.hook_reside', near: ['blocks.1.hook_resid_pre'] })
    expect(placeOfRefusal(typo.report(), true)?.[0]).toBe('interventions')
    expect(placeOfRefusal(typo.report())).toEqual(['layers', expect.stringContaining('Did you mean')])
  })

  it('belongs to the whole form where no field can show it', () => {
    expect(place('input')).toBeNull()
    expect(place('capture.dtype')).toBeNull()
    expect(placeOfRefusal(errors.notFound({ kind: 'model', id: 'm' }).report())).toBeNull()
  })
})

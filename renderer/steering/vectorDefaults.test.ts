import { describe, expect, it } from 'vitest'
import { inventedModels, inventRun } from '../testing/invented.ts'
import { inventDataSet } from '../testing/inventedProbes.ts'
import { fileVector, inventVector } from '../testing/inventedSteering.ts'
import { draftFor, modelOf, plainSettings, runLike } from './vectorDefaults.ts'

const run = inventRun('r', 'done', {}, { episodes: 12, seed: 3 })
const other = inventRun('other', 'done')
const dataSet = inventDataSet([run], { runIds: ['r'] })
const model = inventedModels[0]!
const vector = inventVector('v1', { ...dataSet, models: [{ name: model.name, hash: model.hash }] })
const origins = () => ['r']

describe('what a sweep with a vector is played like', () => {
  it('is the run that its rows came from, else the newest of its model that is no condition', () => {
    expect(runLike(vector, [other, run], origins)).toBe(run)
    const condition = { ...other, sweep: { id: 's', title: 'α = 1' } }
    expect(runLike(vector, [condition, other], () => [])).toBe(other)
    const stranger = { ...vector, model: { name: 'x', hash: 'none' } }
    expect(runLike(stranger, [other], () => [])).toBeNull()
  })
  it('is its own model, or none: another of the same width knows no such direction', () => {
    expect(modelOf(vector, inventedModels, run)?.id).toBe(model.id)
    expect(modelOf({ ...vector, model: { name: 'x', hash: 'none' } }, inventedModels, run)).toBeNull()
    expect(modelOf({ ...vector, model: null }, inventedModels, run)?.id).toBe(run.settings.modelId)
  })
})

describe('the fields of a Quick sweep', () => {
  const settings = run.settings
  it('count what the label counts, and lower it where the vector leads away from it', () => {
    expect(draftFor(vector, settings, model)).toMatchObject({ outcome: 'invalid', wanted: 'down' })
    const back = { ...vector, origin: { ...vector.origin, towards: 'invalid', away: 'valid' } }
    expect(draftFor(back as typeof vector, settings, model).wanted).toBe('up')
    const won = inventVector('v', inventDataSet([run], { runIds: ['r'], label: { kind: 'won' } }))
    const towardsWon = { ...won, origin: { ...won.origin, towards: 'won', away: 'not won' } }
    expect(draftFor(towardsWon as typeof won, settings, model)).toMatchObject({
      outcome: 'won',
      wanted: 'up',
    })
  })
  it('take other episodes than those that the vector was made from', () => {
    expect(draftFor(vector, settings, model).seed).toBe(4)
  })
  it('ask in words, too, where invalid answers are to become fewer', () => {
    expect(draftFor(vector, settings, model).prompt).toMatch(/yes\/no question/)
    const hunt = { ...plainSettings('m'), environment: { name: 'number_hunt' as const } }
    const numbers = draftFor(vector, hunt as never, model)
    expect(numbers).toMatchObject({ outcome: 'won', wanted: 'up', prompt: '' })
  })
  it('measure a direction without a length of its own against the residual', () => {
    const unit = { ...fileVector(), rows: [{ hook: 'blocks.4.hook_resid_post', steps: null, norm: 1 }] }
    expect(draftFor(unit, settings, model)).toMatchObject({ unit: 'valueNorm', alphas: '0.25, 1' })
    expect(draftFor(fileVector(), settings, model).unit).toBe('vector')
  })
})

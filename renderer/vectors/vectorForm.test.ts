import { describe, expect, it, vi } from 'vitest'
import type { DataSetPreview, DataSetRecipe } from '../../main/contract/dataSets.ts'
import { errors } from '../../main/contract/errors.ts'
import type { VectorImport, VectorRecipe } from '../../main/contract/vectors.ts'
import { inventRun } from '../testing/invented.ts'
import { inventDataSet, inventPreview } from '../testing/inventedProbes.ts'
import { fileVector, inventVector } from '../testing/inventedSteering.ts'
import { Workspace } from '../workspace.svelte.ts'
import { VectorForm } from './vectorForm.svelte.ts'

const run = inventRun('r', 'done', {}, { episodes: 12 })
const condition = { ...inventRun('c', 'done'), sweep: { id: 's', title: 'α = 1' } }
const dataSet = inventDataSet([run], { runIds: ['r'] })

function made(change: Partial<DataSetPreview> = {}) {
  const where = new Workspace({} as never)
  Object.assign(where, { runs: [condition, run], dataSets: [dataSet] })
  const gather = vi.fn(async (_: DataSetRecipe) => dataSet as unknown)
  const make = vi.fn(async (_: VectorRecipe) => inventVector('v1', dataSet) as unknown)
  const take = vi.fn(async (_: VectorImport) => fileVector())
  const form = new VectorForm({
    calls: { choices: async () => ({}), preview: async () => ({}) } as never,
    where,
    dataSets: { make: gather } as never,
    vectors: { make, import: take } as never,
  })
  form.chooseRun(null)
  if (form.recipe) form.preview.preview = { ...inventPreview([run], form.recipe), ...change }
  return { form, gather, make, take }
}

describe('a vector straight from a run', () => {
  it('begins with the newest run that is no condition of a sweep, unless that is the one that was looked at', () => {
    expect(made().form.recipeDraft.runIds).toEqual(['r'])
    const { form } = made()
    form.startOver()
    form.chooseRun('c')
    expect(form.recipeDraft.runIds).toEqual(['c'])
  })
  it('makes the data set on the way', async () => {
    const { form, gather, make } = made()
    expect((await form.start())?.id).toBe('v1')
    expect(gather.mock.calls[0]?.[0]).toEqual(form.recipe)
    expect(make.mock.calls[0]?.[0]).toMatchObject({ kind: 'contrast', dataSetId: dataSet.id })
  })
  it('is not made where gathering was cancelled', async () => {
    const { form, gather, make } = made()
    gather.mockResolvedValueOnce(null)
    expect(await form.start()).toBeNull()
    expect(make).not.toHaveBeenCalled()
    expect(form.error).toBeNull()
  })
  it('leads away from invalid answers unless somebody said otherwise', () => {
    const { form } = made()
    expect(form.ends).toEqual({ away: 'invalid', towards: 'valid' })
    form.draft.towards = 'invalid'
    expect(form.ends).toEqual({ away: 'valid', towards: 'invalid' })
    form.recipeDraft.label = 'won'
    form.draft.towards = ''
    form.preview.preview = { ...inventPreview([run], form.recipe!) }
    expect(form.ends).toEqual({ away: 'not won', towards: 'won' })
  })
  it('says why none can be made, and does not try', async () => {
    const cases: [Partial<DataSetPreview>, RegExp][] = [
      [{ rows: 0 }, /No step passes/],
      [{ counts: [90, 3] }, /“invalid” has 3 rows; at least 5/],
      [{ counts: [1, 90] }, /“valid” has one row/],
      [{ missing: 4 }, /replay/],
      [{ missing: 4, replayRefused: 'The model is gone.' }, /model is gone/],
    ]
    for (const [change, words] of cases) {
      const { form, gather } = made(change)
      expect(form.obstacle).toMatch(words)
      expect(await form.start()).toBeNull()
      expect(gather).not.toHaveBeenCalled()
    }
  })
  it('keeps what was written where the engine refuses', async () => {
    const { form, make } = made()
    make.mockRejectedValueOnce(errors.vectorRefused({ reasons: ['The vector is zero.'] }))
    expect(await form.start()).toBeNull()
    expect(form.error?.message).toContain('The vector is zero.')
    expect(form.isStarting).toBe(false)
    expect(form.recipeDraft.runIds).toEqual(['r'])
  })
})

describe('a vector from a data set', () => {
  it('needs no preview', async () => {
    const { form, gather, make } = made()
    form.draft.source = 'dataSet'
    form.draft.dataSetId = dataSet.id
    expect(form.classes).toEqual(dataSet.classes)
    expect((await form.start())?.id).toBe('v1')
    expect(gather).not.toHaveBeenCalled()
    expect(make.mock.calls[0]?.[0]).toMatchObject({ dataSetId: dataSet.id })
  })
})

describe('a vector from a file', () => {
  const file = { name: 'a.npy', arrayBuffer: async () => new Uint8Array([1, 2]).buffer }
  it('goes to the engine with what the file does not say', async () => {
    const { form, take } = made()
    await form.takeFile(file, { modelId: 'm', hook: ' blocks.3.hook_resid_post ' })
    expect(take.mock.calls[0]?.[0]).toMatchObject({
      ...{ fileName: 'a.npy', modelId: 'm', hook: 'blocks.3.hook_resid_post' },
      data: new Uint8Array([1, 2]),
    })
    await form.takeFile(file, { modelId: '', hook: '' })
    expect(take.mock.calls[1]?.[0]).not.toHaveProperty('modelId')
    expect(take.mock.calls[1]?.[0]).not.toHaveProperty('hook')
  })
  it('says why it was not taken', async () => {
    const { form, take } = made()
    take.mockRejectedValueOnce(errors.invalidInput({ field: 'hook', reason: 'a.npy does not say' }))
    expect(await form.takeFile(file, { modelId: '', hook: '' })).toBeNull()
    expect(form.error?.message).toContain('a.npy does not say')
  })
})

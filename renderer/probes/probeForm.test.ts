import { describe, expect, it, vi } from 'vitest'
import type { DataSetPreview, DataSetRecipe } from '../../main/contract/dataSets.ts'
import { errors } from '../../main/contract/errors.ts'
import type { ProbeSettings } from '../../main/contract/probes.ts'
import { inventRun } from '../testing/invented.ts'
import { inventDataSet, inventPreview, inventProbe } from '../testing/inventedProbes.ts'
import { Workspace } from '../workspace.svelte.ts'
import { cellSettings, ProbeForm } from './probeForm.svelte.ts'

const run = inventRun('r', 'done', {}, { episodes: 6 })
const empty = inventRun('empty', 'cancelled', {}, { episodes: 1 })
const bare = inventRun('bare', 'done', {}, { episodes: 2, capture: { hooks: [] } })

function made(change: Partial<DataSetPreview> = {}) {
  const where = new Workspace({} as never)
  where.runs = [empty, bare, run]
  const make = vi.fn(async (recipe: DataSetRecipe) => inventDataSet([run], recipe) as unknown)
  const train = vi.fn(async (settings: ProbeSettings) =>
    inventProbe('made', inventDataSet([run], { runIds: ['r'] }), { settings }),
  )
  const form = new ProbeForm({
    calls: { choices: async () => ({}), preview: async () => ({}) } as never,
    where,
    dataSets: { make } as never,
    probes: { train } as never,
  })
  form.chooseRun(null)
  if (form.recipe) form.preview.preview = { ...inventPreview([run], form.recipe), ...change }
  return { form, make, train }
}

describe('the recipe of a probe', () => {
  it('begins with the newest run that stored activations, or the one that was looked at', () => {
    expect(made().form.recipeDraft.runIds).toEqual(['r'])
    const { form } = made()
    form.startOver()
    form.chooseRun('bare')
    expect(form.recipeDraft.runIds).toEqual(['bare'])
    form.chooseRun('r')
    expect(form.recipeDraft.runIds).toEqual(['bare'])
  })
  it('makes the data set and trains on it', async () => {
    const { form, make, train } = made()
    expect(form.canStart).toBe(true)
    expect((await form.start())?.id).toBe('made')
    expect(make.mock.calls[0]?.[0]).toEqual(form.recipe)
    expect(train.mock.calls[0]?.[0].dataSetId).toBe(inventDataSet([run], { runIds: ['r'] }).id)
  })
  it('says why nothing can be trained, and does not try', () => {
    const cases: [Partial<DataSetPreview>, RegExp][] = [
      [{ rows: 0, counts: [0, 0] }, /No step passes/],
      [{ rows: 9, counts: [0, 9] }, /one class/],
      [{ missing: 3 }, /replay/],
      [{ missing: 3, replayRefused: 'The model is gone.' }, /model is gone/],
    ]
    for (const [change, words] of cases) {
      const { form } = made(change)
      expect(form.obstacle).toMatch(words)
      expect(form.canStart).toBe(false)
    }
  })
  it('does not train on a layer or pooling that the recipe no longer gathers', () => {
    const { form } = made()
    form.probeDraft.layers = [15]
    form.probeDraft.poolings = ['lastPrompt']
    expect(form.canStart).toBe(true)
    expect(form.settings).toMatchObject({ layers: [15], poolings: ['lastPrompt'] })
    form.probeDraft.layers = [3]
    expect(form.obstacle).toMatch(/does not gather layer 3, last prompt token/)
    form.probeDraft.layers = null
    form.recipeDraft.poolings = ['mean']
    expect(form.obstacle).toMatch(/does not gather last prompt token/)
  })
  it('may start with missing activations once a replay is allowed', () => {
    const { form } = made({ missing: 3 })
    form.recipeDraft.replayMissing = true
    expect(form.canStart).toBe(true)
  })
  it('keeps what was written where the engine refuses', async () => {
    const { form, train } = made()
    train.mockRejectedValueOnce(
      errors.invalidInput({ field: 'split.folds', reason: 'more folds than episodes' }),
    )
    expect(await form.start()).toBeNull()
    expect(form.error?.message).toContain('more folds than episodes')
    expect(form.isStarting).toBe(false)
    expect(form.recipeDraft.runIds).toEqual(['r'])
  })
  it('does not train when gathering was cancelled', async () => {
    const { form, make, train } = made()
    make.mockResolvedValueOnce(null)
    expect(await form.start()).toBeNull()
    expect(train).not.toHaveBeenCalled()
    expect(form.error).toBeNull()
  })
  it('gathers the runs to judge on too, and trains on the others alone', async () => {
    const { form, make, train } = made()
    form.probeDraft.split = 'transfer'
    expect(form.probeFaults.testRunIds).toMatch(/at least one run/)
    form.probeDraft.testRunIds = ['bare']
    expect(form.runIds).toEqual(['r', 'bare'])
    await form.start()
    expect(make.mock.calls[0]?.[0].runIds).toEqual(['r', 'bare'])
    expect(train.mock.calls[0]?.[0].split).toEqual({ kind: 'transfer', testRunIds: ['bare'] })
    form.recipeDraft.runIds = []
    expect(form.recipeFaults.runIds).toMatch(/at least one run/)
  })
  it('never judges on a run that it learns from', () => {
    const { form } = made()
    form.probeDraft = { ...form.probeDraft, split: 'transfer', testRunIds: ['r', 'bare'] }
    expect(form.settings?.split).toEqual({ kind: 'transfer', testRunIds: ['bare'] })
    form.recipeDraft.runIds = ['r', 'bare']
    expect(form.settings).toBeNull()
    expect(form.runIds).toEqual(['r', 'bare'])
  })
  it('forgets which runs were to be judged on where the split is another', () => {
    const { form } = made()
    form.probeDraft.testRunIds = ['bare']
    expect(form.recipe?.runIds).toEqual(['r'])
  })
  it('shows a probe judged on other runs as it was written', () => {
    const { form } = made()
    const dataSet = inventDataSet([run], { runIds: ['r', 'bare'] })
    const probe = inventProbe('p', dataSet)
    const split = { kind: 'transfer' as const, testRunIds: ['bare'] }
    form.fill(dataSet, { ...probe, settings: { ...probe.settings, split } })
    expect(form.recipeDraft.runIds).toEqual(['r'])
    expect(form.recipe).toEqual(dataSet.recipe)
    expect(form.settings?.split).toEqual(split)
  })
  it('takes over what a probe was made with', () => {
    const { form } = made()
    const dataSet = inventDataSet([run], { runIds: ['r'], poolings: ['mean'], label: { kind: 'won' } })
    const probe = inventProbe('p', dataSet)
    form.fill(dataSet, { ...probe, settings: { ...probe.settings, standardize: true } })
    expect(form.recipe).toEqual(dataSet.recipe)
    expect(form.settings?.standardize).toBe(true)
  })
})

it('a cell of a sweep is the same probe on one layer and pooling, under a name that says which', () => {
  const sweep = inventProbe('sweep', inventDataSet([run], { runIds: ['r'] }))
  expect(cellSettings(sweep, 8, 'mean')).toEqual({
    ...sweep.settings,
    name: 'layer 8, mean of all of sweep',
    ...{ layers: [8], poolings: ['mean'] },
  })
  expect(cellSettings({ ...sweep, name: 'x'.repeat(200) }, 8, 'mean').name).toHaveLength(200)
})

import { afterEach, describe, expect, it, vi } from 'vitest'
import { dataSetRecipe } from '../../main/contract/dataSets.ts'
import type { Engine } from '../client.ts'
import { Tasks } from '../jobs/tasks.svelte.ts'
import { inventDataSet } from '../testing/inventedProbes.ts'
import { inventRun } from '../testing/invented.ts'
import { Workspace } from '../workspace.svelte.ts'
import { DataSetActions } from './dataSetActions.svelte.ts'

const run = inventRun('r', 'done', {}, { episodes: 4 })
const recipe = dataSetRecipe.parse({ runIds: ['r'] })
const stored = inventDataSet([run], recipe)

function made(list = [stored]) {
  const fresh = { ...stored, id: 'fresh' }
  const calls = {
    list: vi.fn(async () => list),
    remove: vi.fn(async () => {}),
    rename: vi.fn(async () => stored),
    create: vi.fn(async () =>
      (async function* () {
        yield { label: 'gathering', fraction: 0.5 }
        return fresh
      })(),
    ),
  }
  const where = new Workspace({ dataSets: calls } as unknown as Engine)
  where.dataSets = list
  return {
    calls,
    where,
    actions: new DataSetActions(calls as unknown as Engine['dataSets'], where, new Tasks()),
  }
}

afterEach(() => void vi.useRealTimers())

describe('making a data set', () => {
  it('takes the one that was made of the same recipe with as many rows', async () => {
    const { actions, calls } = made()
    expect((await actions.make({ ...recipe, name: 'other' }, stored.rows))?.id).toBe(stored.id)
    expect(calls.create).not.toHaveBeenCalled()
  })
  it('gathers anew where the run has grown since, or was deleted', async () => {
    const grown = made()
    expect((await grown.actions.make(recipe, stored.rows + 1))?.id).toBe('fresh')
    const gone = made([{ ...stored, missingRuns: ['r'] }])
    expect((await gone.actions.make(recipe, stored.rows))?.id).toBe('fresh')
  })
  it('gathers labels by hand anew each time: another step may have got one', async () => {
    const byHand = dataSetRecipe.parse({ runIds: ['r'], label: { kind: 'hand', name: 'polite' } })
    const { actions } = made([{ ...stored, recipe: byHand }])
    expect((await actions.make(byHand, stored.rows))?.id).toBe('fresh')
  })
})

describe('a data set in the list', () => {
  it('disappears at once and is removed when nobody took it back', async () => {
    vi.useFakeTimers()
    const { actions, calls } = made()
    actions.remove(stored)
    expect(actions.shown).toEqual([])
    expect(calls.remove).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(7000)
    expect(calls.remove).toHaveBeenCalledWith({ id: stored.id })
  })
  it('keeps its name where the new one is empty or the same', async () => {
    const { actions, calls } = made()
    await actions.rename(stored, '  ')
    await actions.rename(stored, stored.name)
    expect(calls.rename).not.toHaveBeenCalled()
    await actions.rename(stored, ' better ')
    expect(calls.rename).toHaveBeenCalledWith({ id: stored.id, name: 'better' })
  })
})

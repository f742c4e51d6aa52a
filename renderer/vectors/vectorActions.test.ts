import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { errors } from '../../main/contract/errors.ts'
import { Tasks } from '../jobs/tasks.svelte.ts'
import { toasts } from '../shared/toasts.svelte.ts'
import { inventRun } from '../testing/invented.ts'
import { inventDataSet } from '../testing/inventedProbes.ts'
import { inventVector } from '../testing/inventedSteering.ts'
import { Workspace } from '../workspace.svelte.ts'
import { VectorActions } from './vectorActions.svelte.ts'

const dataSet = inventDataSet([inventRun('r', 'done', {}, { episodes: 3 })], { runIds: ['r'] })
const vector = inventVector('v1', dataSet)
if (vector.origin.kind !== 'contrast') throw new TypeError('a contrast is invented')
const { recipe } = vector.origin

function made(calls: Record<string, unknown>) {
  const list = vi.fn(async () => [inventVector('v2', dataSet), vector])
  const where = new Workspace({ vectors: { list } } as never)
  where.vectors = [vector]
  const save = vi.fn()
  return { where, save, actions: new VectorActions(calls as never, where, new Tasks(), save) }
}
beforeEach(() => void (toasts.list = []))
afterEach(() => void vi.useRealTimers())

describe('VectorActions', () => {
  it('reads the library anew when a vector was made', async () => {
    async function* work() {
      yield { label: '', fraction: 0 }
      return inventVector('v2', dataSet)
    }
    const { actions, where } = made({ make: async () => work() })
    expect((await actions.make(recipe))?.id).toBe('v2')
    expect(where.vector('v2')).not.toBeNull()
  })
  it('saves what the engine wrote, or says why a format has no place for it', async () => {
    const file = { fileName: 'v1.npy', data: new Uint8Array([1]) }
    const good = made({ export: async () => file })
    await good.actions.save(vector, 'npy')
    expect(good.save).toHaveBeenCalledWith(file)
    const refusal = errors.vectorFormat({ id: 'v1', format: 'gguf', reason: 'it has one for each step' })
    const bad = made({ export: () => Promise.reject(refusal) })
    await bad.actions.save(vector, 'gguf')
    expect(bad.save).not.toHaveBeenCalled()
    expect(toasts.list.at(-1)?.text).toContain('one for each step')
  })
  it('keeps its name where the new one is empty or the same', async () => {
    const rename = vi.fn(async () => vector)
    const { actions } = made({ rename })
    await actions.rename(vector, '  ')
    await actions.rename(vector, vector.name)
    expect(rename).not.toHaveBeenCalled()
    await actions.rename(vector, ' better ')
    expect(rename).toHaveBeenCalledWith({ id: 'v1', name: 'better' })
  })
  it('brings a vector back that the engine would not remove', async () => {
    vi.useFakeTimers()
    const remove = vi.fn(() => Promise.reject(errors.vectorInUse({ id: 'v1', runs: ['r1'] })))
    const { actions } = made({ remove })
    actions.remove(vector)
    expect(actions.shown).toEqual([])
    await vi.advanceTimersByTimeAsync(10_000)
    expect(actions.shown).toHaveLength(1)
    expect(toasts.list.at(-1)?.tone).toBe('error')
  })
})

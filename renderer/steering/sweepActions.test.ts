import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { errors } from '../../main/contract/errors.ts'
import { toasts } from '../shared/toasts.svelte.ts'
import { inventSweep } from '../testing/inventedSteering.ts'
import { Workspace } from '../workspace.svelte.ts'
import { SweepActions } from './sweepActions.svelte.ts'

const { record, runs } = inventSweep('s', { alphas: [4] }, null, { status: 'running' })

function made(calls: Record<string, unknown>) {
  const where = new Workspace({} as never)
  where.sweeps = [record]
  where.runs = runs
  return { where, actions: new SweepActions(calls as never, where) }
}
beforeEach(() => void (toasts.list = []))
afterEach(() => void vi.useRealTimers())

describe('SweepActions', () => {
  it('shows sweeps as their runs stand', () => {
    const { actions, where } = made({})
    where.runs = runs.map((run) => ({ ...run, status: 'done' as const }))
    expect(actions.shown?.[0]?.status).toBe('judging')
  })
  it('puts a sweep into the list before its event arrives', async () => {
    const { actions, where } = made({ start: async () => ({ ...record, id: 'fresh' }) })
    await actions.start(record.settings)
    expect(where.sweep('fresh')).not.toBeNull()
  })
  it('says what the engine refused and changes nothing', async () => {
    const { actions, where } = made({
      pause: () => Promise.reject(errors.runBusy({ id: 's', status: 'done' })),
    })
    await actions.pause(record)
    expect(toasts.list[0]?.tone).toBe('error')
    expect(where.sweep('s')?.status).toBe('running')
    expect(actions.isBusy('pause', record)).toBe(false)
  })
  it('removes with a way back', async () => {
    vi.useFakeTimers()
    const remove = vi.fn(async () => {})
    const { actions } = made({ remove })
    actions.remove(record)
    expect(actions.shown).toEqual([])
    toasts.list[0]?.action?.run()
    expect(actions.shown).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(remove).not.toHaveBeenCalled()
  })
  it('passes on why conditions were not added', async () => {
    const refused = errors.invalidInput({ field: 'conditions', reason: 'the sweep has all of these already' })
    const { actions } = made({ extend: () => Promise.reject(refused) })
    await expect(actions.extend('s', { alphas: [4] })).rejects.toMatchObject({ code: 'invalid_input' })
  })
})

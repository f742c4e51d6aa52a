import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { errors } from '../../main/contract/errors.ts'
import { probeStatus } from '../../main/contract/storedProbes.ts'
import { toasts } from '../shared/toasts.svelte.ts'
import { inventRun } from '../testing/invented.ts'
import { inventDataSet, inventProbe } from '../testing/inventedProbes.ts'
import { Workspace } from '../workspace.svelte.ts'
import { canResume, isUnderWay, ProbeActions } from './probeActions.svelte.ts'

const dataSet = inventDataSet([inventRun('r', 'done', {}, { episodes: 3 })], { runIds: ['r'] })
const probe = inventProbe('p', dataSet)

function made(calls: Record<string, unknown>) {
  const where = new Workspace({} as never)
  where.probes = [probe]
  const save = vi.fn()
  return { where, save, actions: new ProbeActions(calls as never, where, save) }
}
beforeEach(() => void (toasts.list = []))
afterEach(() => void vi.useRealTimers())

describe('what a status allows', () => {
  it('is to go on where it stopped before its end, and to cancel before', () => {
    const of = (can: (one: typeof probe) => boolean) =>
      probeStatus.options.filter((status) => can({ ...probe, status }))
    expect(of(canResume)).toEqual(['failed', 'cancelled', 'interrupted'])
    expect(of(isUnderWay)).toEqual(['queued', 'running'])
  })
})

describe('ProbeActions', () => {
  it('puts a new probe into the list before its event arrives', async () => {
    const { actions, where } = made({ train: async () => inventProbe('q', dataSet, { status: 'running' }) })
    await actions.train(probe.settings)
    expect(where.probe('q')?.status).toBe('running')
  })
  it('says what the engine refused and changes nothing', async () => {
    const { actions, where } = made({
      cancel: () => Promise.reject(errors.notFound({ kind: 'probe', id: 'p' })),
    })
    await actions.cancel(probe)
    expect(toasts.list[0]?.tone).toBe('error')
    expect(where.probe('p')?.status).toBe('done')
  })
  it('removes with a way back', async () => {
    vi.useFakeTimers()
    const remove = vi.fn(async () => {})
    const { actions } = made({ remove })
    actions.remove(probe)
    expect(actions.shown).toEqual([])
    toasts.list[0]?.action?.run()
    expect(actions.shown).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(remove).not.toHaveBeenCalled()
  })
  it('saves what the engine wrote, or says why it could not', async () => {
    const file = { fileName: 'p.json', data: new Uint8Array([1]) }
    const good = made({ export: async () => file })
    await good.actions.save(probe, 'json')
    expect(good.save).toHaveBeenCalledWith(file)
    const bad = made({ export: () => Promise.reject(errors.notFound({ kind: 'probe', id: 'p' })) })
    await bad.actions.save(probe, 'npz')
    expect(bad.save).not.toHaveBeenCalled()
    expect(toasts.list.at(-1)?.tone).toBe('error')
  })
})

import { describe, expect, it, vi } from 'vitest'
import { errors } from '../../main/contract/errors.ts'
import type { Engine } from '../client.ts'
import { Tasks } from '../jobs/tasks.svelte.ts'
import { selection } from '../selection.svelte.ts'
import { inventRun } from '../testing/invented.ts'
import { ImportForm } from './importForm.svelte.ts'

const runs = [inventRun('r7', 'done')]

async function* read() {
  yield { label: 'Reading episode_0000.pt', fraction: 0.5 }
  return runs
}

const formOn = (start: unknown): ImportForm =>
  new ImportForm({ start } as unknown as Engine['imports'], new Tasks())

describe('ImportForm', () => {
  it('takes a path as it was copied, and shows the run that came of it', async () => {
    const start = vi.fn(async () => read())
    const form = formOn(start)
    form.open()
    form.path = ' "/data/20q" '
    form.positions = 'decision'
    await form.start()
    expect(start).toHaveBeenCalledWith(
      { path: '/data/20q', name: '', positions: 'decision' },
      expect.anything(),
    )
    expect(form.isOpen).toBe(false)
    expect(selection.run).toBe('r7')
  })

  it('keeps the path of what cannot be read, and says why', async () => {
    const failure = errors.importUnreadable({ path: '/data', reason: 'there is nothing' })
    const form = formOn(() => Promise.reject(failure))
    form.open()
    form.path = '/data'
    await form.start()
    expect(form).toMatchObject({ isOpen: true, path: '/data', isBusy: false })
    expect(form.failure).toMatchObject({ code: 'import_unreadable' })
  })

  it('asks for nothing without a path', async () => {
    const start = vi.fn()
    const form = formOn(start)
    form.path = '  '
    await form.start()
    expect(start).not.toHaveBeenCalled()
  })
})

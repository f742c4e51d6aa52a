import { afterEach, describe, expect, it, vi } from 'vitest'
import { errors } from '../main/contract/errors.ts'
import type { DoorListener } from './doors.ts'
import { inventRun } from './testing/invented.ts'
import { fakeEngine, worlds } from './testing/fakeEngine.ts'
import { Workspace } from './workspace.svelte.ts'

let close = (): void => {}
afterEach(() => close())

function opened(world: string) {
  const workspace = new Workspace()
  const fake = fakeEngine({ ...worlds[world]!(), isLive: false })
  let listener: DoorListener | undefined
  close = workspace.open((given) => fake.doors((listener = given)))
  return {
    workspace,
    fake,
    lose: () => listener?.state('lost'),
    reopen: () => listener && fake.doors(listener),
  }
}

describe('Workspace', () => {
  it('reads all lists when it is connected, runs newest first', async () => {
    const { workspace } = opened('running')
    await vi.waitFor(() => expect(workspace.runs).toHaveLength(6))
    expect(workspace.runs?.[0]?.status).toBe('queued')
    expect(workspace.models).toHaveLength(2)
    expect(workspace.info?.version).toBe('0.1.0')
    expect(workspace.connection).toBe('connected')
  })
  it('follows events and passes them on after its own lists are right', async () => {
    const { workspace, fake } = opened('running')
    await vi.waitFor(() => expect(workspace.runs).toHaveLength(6))
    const seen: (string | undefined)[] = []
    const stop = workspace.onEvent((event) => {
      if (event.kind === 'run') seen.push(workspace.run(event.run.id)?.name)
    })
    const run = workspace.runs![3]!
    fake.say({ kind: 'run', run: { ...run, name: 'renamed' } })
    await vi.waitFor(() => expect(seen).toEqual(['renamed']))
    expect(workspace.runs?.map((one) => one.id)).toContain(run.id)
    expect(workspace.runs).toHaveLength(6)
    stop()
    fake.say({ kind: 'runRemoved', id: run.id })
    await vi.waitFor(() => expect(workspace.runs).toHaveLength(5))
    expect(seen).toHaveLength(1)
  })
  it('puts a new run where its time of creation says', async () => {
    const { workspace, fake } = opened('running')
    await vi.waitFor(() => expect(workspace.runs).toHaveLength(6))
    fake.say({ kind: 'run', run: inventRun('newest', 'queued', { createdAt: '2999-01-01T00:00:00.000Z' }) })
    fake.say({ kind: 'run', run: inventRun('oldest', 'done', { createdAt: '1999-01-01T00:00:00.000Z' }) })
    await vi.waitFor(() => expect(workspace.runs).toHaveLength(8))
    expect([workspace.runs?.[0]?.id, workspace.runs?.[7]?.id]).toEqual(['newest', 'oldest'])
  })
  it('keeps what it shows while the engine is away and reads it again afterwards', async () => {
    const { workspace, lose, reopen } = opened('running')
    await vi.waitFor(() => expect(workspace.runs).toHaveLength(6))
    lose()
    expect(workspace.connection).toBe('lost')
    expect(workspace.runs).toHaveLength(6)
    workspace.runs = []
    reopen()
    await vi.waitFor(() => expect(workspace.runs).toHaveLength(6))
    expect(workspace.problems).toEqual([])
  })
  it('collects problems, newest first', async () => {
    const { workspace, fake } = opened('empty')
    await vi.waitFor(() => expect(workspace.runs).toEqual([]))
    fake.say({ kind: 'problem', error: errors.diskFull({ path: '/a' }).report() })
    fake.say({ kind: 'problem', error: errors.diskFull({ path: '/b' }).report() })
    await vi.waitFor(() => expect(workspace.problems).toHaveLength(2))
    expect(workspace.problems[0]?.error.details).toEqual({ path: '/b' })
  })
})

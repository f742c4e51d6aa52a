import { describe, expect, it, vi } from 'vitest'
import { errors } from '../../main/contract/errors.ts'
import { studyPlan } from '../../main/contract/studies.ts'
import type { Engine } from '../client.ts'
import { FakeStudies } from '../testing/fakeStudies.ts'
import { Workspace } from '../workspace.svelte.ts'
import { placeOf, StudyActions } from './studyActions.svelte.ts'

const plan = { modelId: 'm', preset: 'quick' } as const
const fakes = (): FakeStudies => new FakeStudies(() => '2026-01-01T00:00:00Z')

function actionsOn(calls: Record<string, unknown>) {
  const workspace = new Workspace({} as Engine)
  return { workspace, actions: new StudyActions(calls as unknown as Engine['studies'], workspace) }
}

describe('StudyActions', () => {
  it('shows a study at once when it is started, with the plan’s defaults filled in', async () => {
    const start = vi.fn((given: Parameters<FakeStudies['start']>[0]) => Promise.resolve(fakes().start(given)))
    const { actions } = actionsOn({ start })
    const study = await actions.start(plan)
    expect(start).toHaveBeenCalledWith(studyPlan.parse(plan))
    expect(actions.shown).toEqual([study])
  })

  it('keeps why a start failed, until the next', async () => {
    const failure = errors.notFound({ kind: 'model', id: 'm' })
    const start = vi
      .fn()
      .mockRejectedValueOnce(failure)
      .mockResolvedValue(fakes().start(studyPlan.parse(plan)))
    const { actions } = actionsOn({ start })
    expect(await actions.start(plan)).toBeNull()
    expect(actions.failure).toMatchObject({ code: 'not_found' })
    await actions.start(plan)
    expect(actions.failure).toBeNull()
  })

  it('goes on, or does one stage anew', async () => {
    const study = fakes().start(studyPlan.parse(plan))
    const resume = vi.fn().mockResolvedValue(study)
    const { actions } = actionsOn({ resume })
    await actions.resume(study)
    await actions.resume(study, 'vector')
    expect(resume.mock.calls).toEqual([[{ id: 'y1' }], [{ id: 'y1', from: 'vector' }]])
  })
})

describe('placeOf', () => {
  const stage = { status: 'done', seconds: 1, result: '', error: null } as const
  it('leads to what came of a stage', () => {
    expect(placeOf({ ...stage, name: 'collect', id: 'r2' })).toEqual({ view: 'episodes', run: 'r2' })
    expect(placeOf({ ...stage, name: 'sweep', id: 's1' })).toMatchObject({ view: 'steer', sweep: 's1' })
  })
  it('leads nowhere before there is anything', () => {
    expect(placeOf({ ...stage, name: 'probe', id: null })).toBeNull()
  })
})

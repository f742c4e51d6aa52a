import { describe, expect, it, vi } from 'vitest'
import { errors } from '../../main/contract/errors.ts'
import type { Engine } from '../client.ts'
import { Tasks } from '../jobs/tasks.svelte.ts'
import { inventedCheck, inventedModels } from '../testing/invented.ts'
import { Workspace } from '../workspace.svelte.ts'
import { checkKey, ModelActions } from './modelActions.svelte.ts'

const model = inventedModels[0]!

async function* added() {
  yield { label: 'hashing', fraction: 0.5 }
  return model
}

async function* found() {
  yield { label: 'numbers', fraction: 0.5 }
  return inventedCheck()
}

function actionsOn(models: Record<string, unknown>, tasks = new Tasks()) {
  const calls = { list: () => Promise.resolve(inventedModels), ...models } as unknown as Engine['models']
  const workspace = new Workspace({ models: calls } as Engine)
  return { actions: new ModelActions(calls, workspace, tasks), workspace }
}

describe('ModelActions', () => {
  it('adds a path as it was copied, in quotes and with blanks around', async () => {
    const add = vi.fn(async () => added())
    const { actions, workspace } = actionsOn({ add })
    expect(await actions.add(' "/models/a b.gguf" ')).toEqual(model)
    expect(add).toHaveBeenCalledWith({ path: '/models/a b.gguf' }, expect.anything())
    expect(workspace.models).toEqual(inventedModels)
    expect(actions.adding).toEqual([])
  })
  it('does not ask for an empty path, nor twice for the same one', async () => {
    const add = vi.fn(async () => added())
    const { actions } = actionsOn({ add })
    expect(await actions.add('   ')).toBeNull()
    await Promise.all([actions.add('/a'), actions.add('/a')])
    expect(add).toHaveBeenCalledTimes(1)
  })
  it('keeps the path and the reason of a failure until the next try', async () => {
    const add = vi
      .fn()
      .mockRejectedValueOnce(errors.modelPathMissing({ path: '/no' }))
      .mockResolvedValueOnce(added())
    const { actions } = actionsOn({ add })
    expect(await actions.add('/no')).toBeNull()
    expect(actions.failure).toMatchObject({ path: '/no', error: { code: 'model_path_missing' } })
    await actions.add('/no')
    expect(actions.failure).toBeNull()
  })
  it('hides a removed model, and shows it again when it is added anew', async () => {
    const { actions, workspace } = actionsOn({ add: async () => added(), remove: () => Promise.resolve() })
    workspace.models = inventedModels
    actions.remove(model)
    expect(actions.shown?.map((one) => one.id)).not.toContain(model.id)
    await actions.add(model.path)
    expect(actions.shown?.map((one) => one.id)).toContain(model.id)
  })
  it('checks by id, then has the model as the engine keeps it, with what was found unfolded', async () => {
    const check = vi.fn(async () => found())
    const checked = [{ ...model, check: inventedCheck() }]
    const { actions, workspace } = actionsOn({ check, list: () => Promise.resolve(checked) })
    await actions.check(model)
    expect(check).toHaveBeenCalledWith({ path: model.id, dtype: 'float32' }, expect.anything())
    expect(workspace.models).toEqual(checked)
    expect(actions.checks.has(checkKey(model, 'float32'))).toBe(false)
    expect(actions.unfolded.has(checkKey(model, 'float32'))).toBe(true)
    actions.toggleFindings(model, 'float32')
    expect(actions.unfolded.has(checkKey(model, 'float32'))).toBe(false)
  })
  it('checks in another dtype beside it, each with findings of its own', async () => {
    const check = vi.fn(async () => found())
    const { actions } = actionsOn({ check })
    await Promise.all([actions.check(model), actions.check(model, 'int8')])
    expect(check).toHaveBeenCalledWith({ path: model.id, dtype: 'int8' }, expect.anything())
    actions.toggleFindings(model, 'float32')
    expect(actions.unfolded.has(checkKey(model, 'int8'))).toBe(true)
  })
  it('asks once what a model can be computed with, and again where that failed', async () => {
    const choices = [{ dtype: 'float32', refusal: null, notes: [] }]
    const dtypes = vi
      .fn()
      .mockRejectedValueOnce(errors.modelPathMissing({ path: '/gone' }))
      .mockResolvedValue(choices)
    const { actions } = actionsOn({ dtypes })
    await actions.wantDtypes(model)
    expect(actions.dtypes.has(model.id)).toBe(false)
    await Promise.all([actions.wantDtypes(model), actions.wantDtypes(model)])
    expect(actions.dtypes.get(model.id)).toEqual(choices)
    expect(dtypes).toHaveBeenCalledTimes(2)
  })
  it('does not check a model twice at once', async () => {
    const check = vi.fn(async () => found())
    const { actions } = actionsOn({ check })
    await Promise.all([actions.check(model), actions.check(model)])
    expect(check).toHaveBeenCalledTimes(1)
  })
  it('says why a check could not be made, until the next one', async () => {
    const check = vi
      .fn()
      .mockRejectedValueOnce(errors.modelChanged({ path: '/a' }))
      .mockResolvedValueOnce(found())
    const { actions } = actionsOn({ check })
    await actions.check(model)
    expect(actions.checks.get(checkKey(model, 'float32'))).toMatchObject({
      state: 'failed',
      error: { code: 'model_changed' },
    })
    expect(actions.unfolded.has(checkKey(model, 'float32'))).toBe(false)
    await actions.check(model)
    expect(actions.checks.has(checkKey(model, 'float32'))).toBe(false)
  })
  it('forgets a check that was cancelled', async () => {
    const tasks = new Tasks()
    async function* endless() {
      while (true) yield { label: 'numbers', fraction: 0.5 }
    }
    const { actions } = actionsOn({ check: async () => endless() }, tasks)
    const checking = actions.check(model)
    await vi.waitFor(() => expect(tasks.list).toHaveLength(1))
    expect(actions.checks.get(checkKey(model, 'float32'))).toEqual({ state: 'running' })
    tasks.list[0]!.cancel()
    await checking
    expect(actions.checks.has(checkKey(model, 'float32'))).toBe(false)
    expect(actions.unfolded.has(checkKey(model, 'float32'))).toBe(false)
  })
})

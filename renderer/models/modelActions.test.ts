import { describe, expect, it, vi } from 'vitest'
import { errors } from '../../main/contract/errors.ts'
import type { Engine } from '../client.ts'
import { Tasks } from '../jobs/tasks.svelte.ts'
import { inventedModels } from '../testing/invented.ts'
import { Workspace } from '../workspace.svelte.ts'
import { ModelActions } from './modelActions.svelte.ts'

const model = inventedModels[0]!

async function* added() {
  yield { label: 'hashing', fraction: 0.5 }
  return model
}

function actionsOn(models: Record<string, unknown>) {
  const calls = { list: () => Promise.resolve(inventedModels), ...models } as unknown as Engine['models']
  const workspace = new Workspace({ models: calls } as Engine)
  return { actions: new ModelActions(calls, workspace, new Tasks()), workspace }
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
  it('keeps a check’s results with the model, or why there are none', async () => {
    const results = [{ name: 'finite', passed: true, largestError: null, detail: '' }]
    const check = vi
      .fn()
      .mockResolvedValueOnce(
        (async function* () {
          yield { label: '', fraction: 0 }
          return results
        })(),
      )
      .mockRejectedValueOnce(errors.modelChanged({ path: '/a' }))
    const { actions } = actionsOn({ check })
    await actions.check(model)
    expect(actions.checks.get(model.id)).toEqual({ state: 'done', results })
    await actions.check(model)
    expect(actions.checks.get(model.id)).toMatchObject({ state: 'failed', error: { code: 'model_changed' } })
  })
})

import { copyFile, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { sampleManifest, sampleSettings } from '../../tests/fixtures/store/sampleRun.ts'
import { writeTinyModel } from '../../tests/support/tinyModel.ts'
import { Workspace } from '../store/workspace.ts'
import { EventHub } from './eventHub.ts'
import type { LoadedModel } from './loadedModel.ts'
import { freeId, ModelLibrary } from './modelLibrary.ts'

let folder: string
let workspace: Workspace
let library: ModelLibrary
let hub: EventHub
let embedded: string
const ignore = (): void => {}
const never = new AbortController().signal

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'innerview-library-'))
  workspace = Workspace.open(join(folder, 'workspace'))
  embedded = join(folder, 'resources/embeddedModel')
  hub = new EventHub()
  library = new ModelLibrary(workspace, hub, join(folder, 'cache'), embedded)
})
afterEach(async () => {
  await library.unload()
  workspace.close()
  await rm(folder, { recursive: true, force: true })
})

/** Borrowed and given back. */
async function loaded(...asked: Parameters<ModelLibrary['borrow']>): Promise<LoadedModel> {
  const { model, release } = await library.borrow(...asked)
  release()
  return model
}

const greedy = async (model: LoadedModel): Promise<number[]> => {
  const { completionIds } = await model.generate(
    {
      promptIds: Int32Array.of(1, 2, 3),
      earlierPrompts: [],
      sampling: { temperature: 0, topK: 0, topP: 1, maxNewTokens: 12, stopIds: [], seed: '' },
      capture: { hooks: [], positions: 'decision' },
    },
    never,
  )
  return [...completionIds]
}
const add = async (name: string, seed: number) =>
  library.add(await writeTinyModel(join(folder, name), { seed }), ignore, never)
const runOf = (modelId: string): string =>
  workspace.runs.create({
    kind: 'collect',
    name: 'x',
    settings: { ...sampleSettings(), modelId },
    manifest: sampleManifest,
  }).id

test('a model that was added already is found again, and one of the same name gets an id of its own', async () => {
  const first = await add('a/tiny', 1)
  expect(await add('a/tiny', 1)).toEqual(first)
  expect((await add('b/tiny', 2)).id).toBe('tiny-2')
  expect(library.list()).toHaveLength(2)
  expect(freeId('Ünïque!', [])).toBe('n-que')
  expect(freeId('???', [])).toBe('model')
})

test('an id that comes to name another model runs that model', async () => {
  const { id } = await add('a/tiny', 1)
  const first = await greedy(await loaded(id, { rows: 1 }, ignore, never))
  await library.remove(id)
  expect((await add('b/tiny', 2)).id).toBe(id)
  const second = await greedy(await loaded(id, { rows: 1 }, ignore, never))
  expect(second).not.toEqual(first)
})

test('a loaded model serves again until more rows are asked for', async () => {
  const { id } = await add('tiny', 1)
  const model = await loaded(id, { rows: 4 }, ignore, never)
  expect(await loaded(id, { rows: 2 }, ignore, never)).toBe(model)
  expect(await loaded(id, { rows: 5 }, ignore, never)).not.toBe(model)
  const quantised = await loaded(id, { rows: 1, dtype: 'int8' }, ignore, never)
  expect(await loaded(id, { rows: 1, dtype: 'int8' }, ignore, never)).toBe(quantised)
  expect(await loaded(id, { rows: 1 }, ignore, never)).not.toBe(quantised)
})

test('a model that a run needs cannot be removed; a finished run keeps none', async () => {
  const { id } = await add('tiny', 1)
  const run = runOf(id)
  await expect(library.remove(id)).rejects.toMatchObject({ code: 'model_in_use', details: { runs: [run] } })
  workspace.runs.setStatus(run, 'done')
  await library.remove(id)
  expect(library.list()).toEqual([])
  await expect(library.remove(id)).rejects.toMatchObject({ code: 'not_found' })
})

test('weights that were exchanged are not run, whatever their modification time says', async () => {
  const { id, path } = await add('tiny', 1)
  const other = await writeTinyModel(join(folder, 'other'), { seed: 2 })
  await copyFile(join(other, 'model.safetensors'), join(path, 'model.safetensors'))
  await utimes(join(path, 'model.safetensors'), 0, 0)
  await expect(loaded(id, { rows: 1 }, ignore, never)).rejects.toMatchObject({ code: 'model_changed' })
})

test('another configuration beside the same weights is another model', async () => {
  const { id, path } = await add('tiny', 1)
  const config = join(path, 'config.json')
  const text = await readFile(config, 'utf8')
  await writeFile(config, JSON.stringify({ ...(JSON.parse(text) as object), rms_norm_eps: 0.1 }))
  await expect(loaded(id, { rows: 1 }, ignore, never)).rejects.toMatchObject({ code: 'model_changed' })
})

describe('a check', () => {
  test('is kept with the model whichever way it was asked for, and every window is told', async () => {
    const { id, path } = await add('tiny', 1)
    expect(library.get(id).check).toBeNull()
    const stop = new AbortController()
    const events = hub.listen([], stop.signal)
    const byId = await library.check(id, 'float32', ignore, never)
    expect(byId.results.filter(({ passed }) => !passed)).toEqual([])
    expect(library.get(id).check).toEqual(byId)
    expect((await events.next()).value).toEqual({ kind: 'models' })
    stop.abort()
    const byPath = await library.check(join(path, 'model.safetensors'), 'float32', ignore, never)
    expect(byPath.hash).toBe(byId.hash)
    expect(library.get(id).check).toEqual(byPath)
  })

  test('is kept for each dtype by itself', async () => {
    const { id, path } = await add('tiny', 1)
    const found = await library.check(id, 'float32', ignore, never)
    const rounded = await library.check(id, 'int8', ignore, never)
    expect(await library.keepCheck(path, { ...found, dtype: 'int4' })).toBe(true)
    const again = { ...rounded, checkedAt: '2026-01-01T00:00:00.000Z' }
    expect(await library.keepCheck(path, again)).toBe(true)
    expect(library.get(id)).toMatchObject({ check: found, otherChecks: [{ dtype: 'int4' }, again] })
  })

  test('in a dtype that the model cannot be computed with is refused', async () => {
    const { id } = await add('tiny', 1)
    await expect(library.check(id, 'gguf', ignore, never)).rejects.toMatchObject({
      code: 'dtype_unavailable',
    })
    expect(library.get(id).otherChecks).toEqual([])
  })

  test('of files that the workspace does not know is kept nowhere', async () => {
    const { id } = await add('tiny', 1)
    const path = await writeTinyModel(join(folder, 'other'), { seed: 2 })
    const check = await library.check(path, 'float32', ignore, never)
    expect(library.get(id).check).toBeNull()
    expect(await library.keepCheck(path, check)).toBe(false)
  })

  test('of other weights than those that were added is refused by id, and not kept by path', async () => {
    const { id, path } = await add('tiny', 1)
    const other = await writeTinyModel(join(folder, 'other'), { seed: 2 })
    await copyFile(join(other, 'model.safetensors'), join(path, 'model.safetensors'))
    await expect(library.check(id, 'float32', ignore, never)).rejects.toMatchObject({ code: 'model_changed' })
    const { hash } = await library.check(path, 'float32', ignore, never)
    expect(hash).not.toBe(library.get(id).hash)
    expect(library.get(id).check).toBeNull()
  })

  test('that was cancelled leaves the one before', async () => {
    const { id } = await add('tiny', 1)
    const check = await library.check(id, 'float32', ignore, never)
    const stop = new AbortController()
    const cancelled = library.check(id, 'float32', () => stop.abort(new Error('cancelled')), stop.signal)
    await expect(cancelled).rejects.toThrow('cancelled')
    expect(library.get(id).check).toEqual(check)
  })
})

test('says what a model can be computed with, why not with the rest, and what that does to it', async () => {
  const { id } = await add('tiny', 1)
  const choices = await library.dtypes(id)
  expect(choices.map(({ dtype, refusal }) => [dtype, refusal])).toEqual([
    ['float32', null],
    ['int8', null],
    ['int4', null],
    ['gguf', 'its weights are float32, not blocks of a GGUF file'],
  ])
  expect(choices[0].notes).toEqual([])
  expect(choices[1].notes[0]).toMatch(/as floats, not int8/)
})

test('lists its hook points', async () => {
  const { id } = await add('tiny', 1)
  expect(library.hookPoints(id)).toContainEqual({
    name: 'blocks.1.attn.hook_z',
    axes: 'B S H K',
    sizes: [4, 4],
  })
})

test('a path that is no model, and an id that no model has, are told apart', async () => {
  await expect(library.findOrAdd(join(folder, 'nothing'), ignore, never)).rejects.toMatchObject({
    code: 'model_path_missing',
  })
  await expect(library.findOrAdd('nothing', ignore, never)).rejects.toMatchObject({ code: 'not_found' })
})

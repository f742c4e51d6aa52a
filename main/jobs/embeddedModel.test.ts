import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sampleCheck } from '../../tests/fixtures/store/sampleRun.ts'
import { writeTinyModel } from '../../tests/support/tinyModel.ts'
import { AppError } from '../contract/errors.ts'
import { Workspace } from '../store/workspace.ts'
import { embeddedModelFolder } from './embeddedModel.ts'
import { EventHub } from './eventHub.ts'
import { ModelLibrary } from './modelLibrary.ts'

let folder: string
let workspace: Workspace
const ignore = (): void => {}
const never = new AbortController().signal

/** What a version of the app ships: a tiny model and its card, in resources of its own. */
async function shipped(version: string, seed: number): Promise<ModelLibrary> {
  const place = embeddedModelFolder(join(folder, version, 'resources'))
  await writeTinyModel(place, { seed })
  await writeFile(join(place, 'card.txt'), 'It plays.\nIt was trained to show how.\n')
  return new ModelLibrary(workspace, new EventHub(), join(folder, 'cache'), place)
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'innerview-embedded-'))
  workspace = Workspace.open(join(folder, 'workspace'))
})
afterEach(async () => {
  workspace.close()
  await rm(folder, { recursive: true, force: true })
})

test('a workspace without a model begins with the embedded one and its card', async () => {
  const library = await shipped('1', 1)
  await library.offerEmbedded()
  expect(library.list()).toHaveLength(1)
  expect(library.get('embedded').notes.slice(0, 2)).toEqual(['It plays.', 'It was trained to show how.'])
})

test('who removed it beside other models has it no more, until it is asked for by its id', async () => {
  const library = await shipped('1', 1)
  await library.offerEmbedded()
  await library.add(await writeTinyModel(join(folder, 'other'), { seed: 2 }), ignore, never)
  await library.remove('embedded')
  await library.offerEmbedded()
  expect(library.list().map(({ id }) => id)).toEqual(['other'])
  expect((await library.findOrAdd('embedded', ignore, never)).id).toBe('embedded')
  expect(library.list()).toHaveLength(2)
})

test('a newer version of the app brings its own model under the same id, and offering twice changes nothing', async () => {
  await (await shipped('1', 1)).offerEmbedded()
  const old = { ...workspace.models.get('embedded'), check: sampleCheck }
  workspace.models.put(old)
  const library = await shipped('2', 2)
  await library.offerEmbedded()
  const record = library.get('embedded')
  expect(record.path).toBe(library.pathOf('embedded'))
  expect(record.hash).not.toBe(old.hash)
  expect(record.addedAt).toBe(old.addedAt)
  expect(record.check).toEqual(old.check) // whose hash tells that it is of the old weights
  await library.offerEmbedded()
  expect(library.list()).toEqual([record])
})

test('no other model gets its id', async () => {
  const library = await shipped('1', 1)
  const other = await library.add(await writeTinyModel(join(folder, 'embedded'), { seed: 2 }), ignore, never)
  expect(other.id).toBe('embedded-2')
  await library.offerEmbedded()
  expect(library.list().map(({ id }) => id)).toEqual(['embedded-2'])
})

test('a program that was packed without it says so when it is asked for', async () => {
  const library = new ModelLibrary(workspace, new EventHub(), join(folder, 'cache'), join(folder, 'absent'))
  await expect(library.findOrAdd('embedded', ignore, never)).rejects.toBeInstanceOf(AppError)
})

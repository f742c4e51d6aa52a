import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sampleManifest, sampleSettings } from '../../tests/fixtures/store/sampleRun.ts'
import { writeTinyModel } from '../../tests/support/tinyModel.ts'
import type { ModelRecord } from '../contract/models.ts'
import type { RunRecord } from '../contract/runs.ts'
import { readModelRecord } from '../model/readModelRecord.ts'
import { TokenReaders } from './tokenReaders.ts'

let folder: string
let models: ModelRecord[]
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'innerview-readers-'))
  models = []
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function add(id: string): Promise<ModelRecord> {
  const path = await writeTinyModel(join(folder, id))
  const record = { ...(await readModelRecord(path)), id, addedAt: '', check: null, otherChecks: [] }
  models.push(record)
  return record
}
const runOf = (modelId: string, tokenizerHash: string): RunRecord =>
  ({
    settings: { ...sampleSettings(), modelId },
    manifest: { ...sampleManifest, tokenizerHash },
  }) as RunRecord // of a record only what is read
const text = async (readers: TokenReaders, run: RunRecord): Promise<string> =>
  (await readers.of(run))(Int32Array.of(40, 41))
    .map((token) => token.text)
    .join('')

test('a run’s tokens are read by its own model, or by another with the same tokeniser', async () => {
  const { tokenizerHash } = await add('a')
  const readers = new TokenReaders(() => models)
  const own = await text(readers, runOf('a', tokenizerHash))
  expect(own).toHaveLength(2)
  expect(await text(new TokenReaders(() => models), runOf('removed', tokenizerHash))).toBe(own)
})

test('a tokeniser of another content under the same id does not read the run', async () => {
  await add('a')
  expect(await text(new TokenReaders(() => models), runOf('a', '9'.repeat(64)))).toBe('⟨40⟩⟨41⟩')
})

test('ids stand in while the files are gone, and texts are back with them', async () => {
  const { tokenizerHash, path } = await add('a')
  const readers = new TokenReaders(() => models)
  await rename(path, `${path}-away`)
  expect(await text(readers, runOf('a', tokenizerHash))).toBe('⟨40⟩⟨41⟩')
  await rename(`${path}-away`, path)
  expect(await text(readers, runOf('a', tokenizerHash))).not.toContain('⟨')
})

test('a tokeniser that was changed since it was added is not used', async () => {
  const { tokenizerHash, path } = await add('a')
  await writeFile(join(path, 'tokenizer.json'), '{}')
  expect(await text(new TokenReaders(() => models), runOf('a', tokenizerHash))).toBe('⟨40⟩⟨41⟩')
})

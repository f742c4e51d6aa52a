import { existsSync } from 'node:fs'
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { parseJson, readExactly, readText, readTextIfThere, writeFault } from './fileReading.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reading-'))
})
afterEach(() => rm(folder, { recursive: true }))

it('reads exactly what was asked for, or says how much is missing', async () => {
  const path = join(folder, 'a')
  await writeFile(path, 'abcdef')
  const handle = await open(path)
  try {
    expect(Buffer.from(await readExactly(handle, path, 2, 3)).toString()).toBe('cde')
    const missing = readExactly(handle, path, 4, 8)
    const details = { path, expectedBytes: 12, actualBytes: 6 }
    await expect(missing).rejects.toMatchObject({ code: 'model_truncated', details })
  } finally {
    await handle.close()
  }
})

it('tells a missing text from one that is no text', async () => {
  const path = join(folder, 'config.json')
  expect(await readTextIfThere(path)).toBeNull()
  expect(await readTextIfThere(folder)).toBeNull()
  const details = { path: folder, file: 'config.json' }
  await expect(readText(path)).rejects.toMatchObject({ code: 'model_file_missing', details })
  await writeFile(path, Buffer.of(0xff, 0xfe, 0x00))
  await expect(readText(path)).rejects.toMatchObject({ code: 'model_malformed' })
})

it('names the file whose JSON is broken', () => {
  expect(parseJson('a.json', '{"a": 1}')).toEqual({ a: 1 })
  expect(() => parseJson('a.json', '{"a": ')).toThrow(/^a\.json: not JSON/)
})

it.runIf(existsSync('/dev/full'))('knows a full disk by the system’s own fault', async () => {
  const fault = await writeFile('/dev/full', 'x').then(
    () => null,
    (error: unknown) => writeFault('weights', error),
  )
  expect(fault).toMatchObject({ code: 'disk_full', details: { path: 'weights' } })
})

it('passes on faults that are not the disk’s', () => {
  const error = new Error('other')
  expect(writeFault('a', error)).toBe(error)
})

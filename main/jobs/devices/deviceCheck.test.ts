import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeTinyModel } from '../../../tests/support/tinyModel.ts'
import { hashConfig, hashModel } from '../../model/hashModel.ts'
import { openModelFiles } from '../../model/openModelFiles.ts'
import { LoadedModel } from '../loadedModel.ts'
import { checkDevice, trialInProcess } from './deviceCheck.ts'
import { deviceChoices, requireChecked, type DeviceUse } from './deviceChecks.ts'

const never = new AbortController().signal
const silent = (): void => {}
let folder: string
let path: string
let use: DeviceUse

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'devices-'))
  path = await writeTinyModel(join(folder, 'model'))
  const files = await openModelFiles(path)
  use = {
    ...{ device: 'webgpu', dtype: 'float32' },
    ...{ hash: await hashModel(files), configHash: hashConfig(files.config) },
  }
})
afterAll(() => rm(folder, { recursive: true }))

/** A process in the place of the one that tries a device. */
async function entryOf(program: string): Promise<string> {
  const file = join(folder, `${Math.abs(program.length)}-entry.mjs`)
  await writeFile(file, program)
  return file
}
const settings = () => ({ path, device: 'webgpu' as const, dtype: 'float32' as const, cacheFolder: folder })
const checkBy = (program: string, signal = never) =>
  checkDevice(settings(), silent, signal, async (given, tell, until) =>
    trialInProcess(given, tell, until, await entryOf(program)),
  )
const findings = (passed: boolean) =>
  JSON.stringify({ results: [{ name: 'logits', passed, largestError: 0, detail: '' }], speed: null })

describe('checking a device', () => {
  it('that is none of this platform is refused by name', async () => {
    const device = process.platform === 'linux' ? 'coreml' : 'cuda'
    const wanted = checkDevice({ ...settings(), device }, silent, never)
    await expect(wanted).rejects.toMatchObject({ code: 'device_unavailable' })
  })

  it('whose driver aborts is a failed check that says so, and stays refused', async () => {
    const check = await checkBy(
      "process.on('message', () => { console.error('the driver broke'); process.abort() })",
    )
    expect(check.results).toMatchObject([{ name: 'device', passed: false }])
    expect(check.results[0].detail).toMatch(/was ended by SIGABRT/)
    expect(check.results[0].detail).toContain('the driver broke')
    const [cpu, ...others] = await deviceChoices(folder, use)
    expect(cpu).toEqual({ device: 'cpu', check: null, refusal: null })
    expect(others.find(({ device }) => device === 'webgpu')?.refusal).toBe('its check failed: device')
    const refused = requireChecked(folder, path, use)
    await expect(refused).rejects.toMatchObject({ code: 'device_unchecked' })
  })

  it('that passes lets it be used, until one fails', async () => {
    const saying = (passed: boolean) =>
      `process.on('message', () => process.send({ kind: 'found', findings: ${findings(passed)} }))`
    await checkBy(saying(true))
    await expect(requireChecked(folder, path, use)).resolves.toBeUndefined()
    await expect(requireChecked(folder, path, { ...use, dtype: 'int8' })).rejects.toThrow(/not been checked/)
    await checkBy(saying(false))
    await expect(requireChecked(folder, path, use)).rejects.toThrow(/its check failed: logits/)
  })

  it('ends its process when it is cancelled, and keeps nothing of it', async () => {
    const controller = new AbortController()
    const before = await deviceChoices(folder, use)
    const checking = checkBy(
      "process.on('message', () => process.send({ kind: 'progress', progress: {} }))",
      controller.signal,
    )
    setTimeout(() => controller.abort(new Error('enough')), 50)
    await expect(checking).rejects.toThrow('enough')
    expect(await deviceChoices(folder, use)).toEqual(before)
  })

  it('whose model cannot be opened throws what opening it throws', async () => {
    const error = JSON.stringify({ code: 'not_enough_memory', message: 'none', cure: '', details: {} })
    const checking = checkBy(`process.on('message', () => process.send({ kind: 'failed', error: ${error} }))`)
    await expect(checking).rejects.toMatchObject({ code: 'not_enough_memory' })
  })
})

it('a model is not loaded on a device that was never checked with it', async () => {
  const files = await openModelFiles(path)
  const other = join(folder, 'other-cache')
  const opening = LoadedModel.open(files, { cacheFolder: other, rows: 1, device: 'webgpu' }, silent, never)
  await expect(opening).rejects.toThrow(/is not computed on webgpu, because it has not been checked/)
})

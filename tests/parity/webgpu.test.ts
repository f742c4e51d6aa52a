// The WebGPU path on a driver that computes on the processor: slow, but every kernel is a real one.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { vulkanVariables } from '../support/available.ts'
import { CommandLine } from '../support/commandLine.ts'
import { writeTinyModel } from '../support/tinyModel.ts'

let folder: string
let model: string
let terminal: CommandLine
let without: CommandLine

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'innerview-webgpu-'))
  model = await writeTinyModel(join(folder, 'tiny'))
  terminal = new CommandLine(folder, undefined, vulkanVariables ?? {})
  without = new CommandLine(folder, undefined, {
    LD_LIBRARY_PATH: '',
    VK_ICD_FILENAMES: join(folder, 'none.json'),
  })
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const prompt = ['--ids', '12,40,7,99,3,150,61,12,8', '--greedy', '--max-new', '4']
const run = (...words: string[]) => terminal.json('run', '--model', model, ...prompt, ...words)

describe.skipIf(!vulkanVariables)('a model on WebGPU', { timeout: 600_000 }, () => {
  it('is refused before its check, and where the check found no driver', () => {
    expect(run('--device', 'webgpu').document.error.code).toBe('device_unchecked')
    const checked = without.json('models', 'check', model, '--device', 'webgpu')
    expect(checked.code).toBe(1)
    expect(checked.document.results).toMatchObject([{ name: 'device', passed: false }])
    expect(run('--device', 'webgpu').document.error.message).toMatch(/its check failed: device/)
  })

  it('computes what the processor computes at every hook point, and then may be used', () => {
    const { code, document } = terminal.json('models', 'check', model, '--device', 'webgpu')
    const errors = document.results.map(
      ({ largestError }: { largestError: number | null }) => largestError ?? 0,
    )
    console.log(`largest relative error on WebGPU: ${Math.max(...errors).toExponential(1)}`)
    expect(document.results.filter(({ passed }: { passed: boolean }) => !passed)).toEqual([])
    expect(document.results.length).toBeGreaterThan(30)
    expect(code).toBe(0)
    const devices = terminal.json('models', 'devices', model).document
    expect(devices.map(({ device, refusal }: Record<string, unknown>) => [device, refusal])).toContainEqual([
      'webgpu',
      null,
    ])
    const [there, here] = [run('--device', 'webgpu'), run()].map(({ document }) => document)
    expect(there.completionIds).toEqual(here.completionIds)
    there.logProbabilities.forEach((value: number, token: number) =>
      expect(value).toBeCloseTo(here.logProbabilities[token], 4),
    )
  })

  it('plays episodes whose manifest names it', () => {
    const words = '--environment number_hunt --episodes 1 --max-steps 1 --max-new-tokens 3 --device webgpu'
    const { document } = terminal.json('collect', '--model', model, ...words.split(' '))
    expect(document.status).toBe('done')
    const [listed] = terminal.json('runs', 'list').document
    expect(listed).toMatchObject({ manifest: { device: 'webgpu' }, progress: { steps: 1 } })
  })
})

import { expect, test } from 'vitest'
import { sampleModel, sampleSettings } from '../../tests/fixtures/store/sampleRun.ts'
import type { RunRecord } from '../contract/runs.ts'
import { estimateRun, longestSequence } from './estimate.ts'

const settings = sampleSettings({}, 10)
const sample = sampleModel('sample', '')
const roomyModel = { ...sample, shape: { ...sample.shape, contextLength: 2048 } }
const run = (steps: number, seconds: number, batch = settings.batch): RunRecord =>
  ({ settings: { ...settings, batch }, manifest: {}, progress: { steps, seconds } }) as RunRecord // of a record only what is read
const estimate = (changes: Partial<Parameters<typeof estimateRun>[1]> = {}) =>
  estimateRun(settings, {
    model: roomyModel,
    memoryBytes: 1e6,
    freeMemoryBytes: 1e9,
    freeDiskBytes: 1e12,
    runs: [],
    ...changes,
  })

test('steps are episodes times the step limit, and nothing is said of seconds before any run', () => {
  expect(estimate()).toMatchObject({ steps: 50, seconds: null, warnings: [] })
})

test('seconds come from the newest run of the model, one of the same batch size first', () => {
  expect(estimate({ runs: [run(20, 40, 1), run(40, 20), run(100, 900)] }).seconds).toBe(25)
  expect(estimate({ runs: [run(20, 40, 1)] }).seconds).toBe(100)
})

test('a run that is too short, or that lost its seconds, tells nothing', () => {
  expect(estimate({ runs: [run(19, 40), run(400, 0)] }).seconds).toBeNull()
})

test('a fork tells nothing: the steps that were copied took no time', () => {
  const fork = { ...run(100, 1), manifest: { fork: { episode: 0 } } } as RunRecord // of a record only what is read
  expect(estimate({ runs: [fork] }).seconds).toBeNull()
})

test('a run in another dtype tells nothing of this one’s seconds, and is warned of', () => {
  const quantised = { ...settings, computeDtype: 'int4' as const }
  const sources = {
    model: roomyModel,
    memoryBytes: 1,
    freeMemoryBytes: 2,
    freeDiskBytes: 1e12,
  }
  const { seconds, warnings } = estimateRun(quantised, { ...sources, runs: [run(40, 20)] })
  expect(seconds).toBeNull()
  expect(warnings).toEqual([expect.stringContaining('models check --dtype int4')])
})

test('what is captured costs disk: every position more than the decision points', () => {
  const { diskBytes } = estimate()
  const all = estimateRun(sampleSettings({ positions: 'all' }, 10), {
    model: roomyModel,
    memoryBytes: 0,
    freeMemoryBytes: 1,
    freeDiskBytes: 1e12,
    runs: [],
  })
  expect(all.diskBytes).toBeGreaterThan(diskBytes)
})

test('a run that may not fit is warned of', () => {
  expect(estimate({ freeMemoryBytes: 1 }).warnings[0]).toMatch(/memory/)
  expect(estimate({ freeDiskBytes: 1 }).warnings[0]).toMatch(/disk/)
  const model = { ...roomyModel, hasChatTemplate: false }
  expect(estimate({ model }).warnings[0]).toMatch(/chat template/)
})

test('longer answers cost more disk and memory, and are warned of where they leave little room', () => {
  const long = { ...settings, sampling: { ...settings.sampling, maxNewTokens: 1200 } }
  const sources = {
    model: roomyModel,
    memoryBytes: 0,
    freeMemoryBytes: 1,
    freeDiskBytes: 1e12,
    runs: [],
  }
  const short = { ...settings, sampling: { ...settings.sampling, maxNewTokens: 8 } }
  expect(estimateRun(long, sources).diskBytes).toBeGreaterThan(estimateRun(short, sources).diskBytes)
  expect(longestSequence(long)).toBeGreaterThan(longestSequence(short))
  expect(estimateRun(long, sources).warnings[0]).toMatch(/context/)
  expect(estimateRun(short, sources).warnings).toEqual([])
})

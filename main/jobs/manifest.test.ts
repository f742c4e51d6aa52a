import { expect, test } from 'vitest'
import { sampleManifest, sampleSettings } from '../../tests/fixtures/store/sampleRun.ts'
import { runManifest, type RunManifest, type RunRecord } from '../contract/runs.ts'
import { checkSameGround } from './manifest.ts'

// Of a record only what is compared.
const run = { id: 'r1', settings: sampleSettings(), manifest: sampleManifest } as RunRecord
const changed = (changes: Partial<RunManifest>) => (): void =>
  checkSameGround(run, { ...sampleManifest, ...changes })

test('a run goes on where nothing that its rows depend on has changed', () => {
  expect(changed({})).not.toThrow()
  expect(changed({ innerview: '9.9.9', platform: 'another', modelName: 'renamed' })).not.toThrow()
})

test.each(['modelHash', 'configHash', 'tokenizerHash', 'chatTemplateHash', 'dtype', 'oracle'] as const)(
  'a run does not go on with another %s',
  (key) => {
    expect(changed({ [key]: 'f'.repeat(64) })).toThrow(expect.objectContaining({ code: 'run_differs' }))
  },
)

test('a run does not go on with other numbers than it began with', () => {
  expect(changed({ computeDtype: 'int4' })).toThrow(/dtype computed with was float32, is int4/)
})

test('a manifest from before dtypes were chosen is of float32', () => {
  const { computeDtype: _, ...older } = sampleManifest
  expect(runManifest.parse(older)).toEqual(sampleManifest)
})

test('the error names everything that changed, hashes in short', () => {
  expect(changed({ modelHash: 'f'.repeat(64), onnxruntime: '9.9.9' })).toThrow(
    /weights’ hash was 000000000000…, is ffffffffffff…; ONNX Runtime was 1\.30\.0, is 9\.9\.9/,
  )
})

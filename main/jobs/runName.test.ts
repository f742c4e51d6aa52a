import { expect, test } from 'vitest'
import { collectSettings, type CollectInput } from '../contract/runs.ts'
import { defaultRunName } from './runName.ts'

const nameOf = (changes: Partial<CollectInput>): string =>
  defaultRunName(
    collectSettings.parse({
      modelId: 'm',
      environment: { name: 'twenty_questions' },
      oracle: { kind: 'kb' },
      sampling: {},
      capture: {},
      ...changes,
    }),
    'Tiny',
  )

test('a run is named by what tells it from its neighbours', () => {
  expect(nameOf({ episodes: 30, seed: 7 })).toBe('Tiny, 30 × 20, T 1, seed 7')
  expect(nameOf({ sampling: { temperature: 0.5 } })).toContain('T 0.5')
  expect(nameOf({ computeDtype: 'int4' })).toMatch(/seed 0, int4$/)
  expect(nameOf({ computeDtype: 'int4', device: 'webgpu' })).toMatch(/seed 0, int4, webgpu$/)
})

test('another world than Twenty Questions is named', () => {
  expect(nameOf({ environment: { name: 'number_hunt' } })).toBe('Tiny, number hunt, 30 × 10, T 1, seed 0')
})

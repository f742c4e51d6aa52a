import { expect, it } from 'vitest'
import { contrastVectors, steeringVerdict } from './steering.ts'

const empty = new Int32Array(0)
const rows = { width: 2, data: new Float32Array(0), labels: empty, episodes: empty, steps: empty }
const baseline = { id: 'baseline', title: 'baseline', role: 'baseline' as const, alpha: null, episodes: [] }

it('settings that are left out take their defaults', () => {
  expect(contrastVectors(rows).document.settings).toMatchObject({ kind: 'meanDifference', leastPerClass: 5 })
  expect(steeringVerdict({ conditions: [baseline] }).settings).toMatchObject({
    wanted: 'down',
    permutations: 9999,
  })
})

it('a setting that is not valid is named', () => {
  const named = (field: string) =>
    expect.objectContaining({ code: 'invalid_input', details: expect.objectContaining({ field }) })
  expect(() => contrastVectors(rows, { splits: 1 })).toThrow(named('splits'))
  expect(() => contrastVectors(rows, { scope: { kind: 'windows', size: 0 } })).toThrow(named('scope.size'))
  expect(() => steeringVerdict({ conditions: [baseline] }, { worthwhile: -1 })).toThrow(named('worthwhile'))
})

import { expect, test } from 'vitest'
import { sampleModel, sampleSettings } from '../../tests/fixtures/store/sampleRun.ts'
import { memoryOf, playedAtOnce } from './playedAtOnce.ts'

const model = { ...sampleModel('sample', ''), parameters: 1e6 }
const settings = { ...sampleSettings({}, 200), batch: 0, capture: sampleSettings({}, 200).capture }
const gibibyte = 2 ** 30

test('a number that is asked for is taken, whatever the memory', () => {
  expect(playedAtOnce({ ...settings, batch: 17 }, model, 200, 0)).toBe(17)
})

test('otherwise as many as there are episodes, at most 64', () => {
  expect(playedAtOnce({ ...settings, episodes: 30 }, model, 30, 1000 * gibibyte)).toBe(30)
  expect(playedAtOnce(settings, model, 200, 1000 * gibibyte)).toBe(64)
})

test('fewer where memory is short: half of what the model leaves is kept free', () => {
  const free = memoryOf(settings, model, 20)
  const rows = playedAtOnce(settings, model, 200, free)
  const middle = (memoryOf(settings, model, 0) + free) / 2
  expect(rows).toBeGreaterThan(1)
  expect(memoryOf(settings, model, rows)).toBeLessThanOrEqual(middle)
  expect(memoryOf(settings, model, rows + 1)).toBeGreaterThan(middle)
})

test('one where not even one fits: loading the model says so then', () => {
  expect(playedAtOnce(settings, model, 200, 0)).toBe(1)
})

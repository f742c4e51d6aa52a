import { expect, test } from 'vitest'
import { ProgressMeter } from './progressMeter.ts'

test('speed and time left are unknown before the first step', () => {
  const meter = new ProgressMeter(0)
  expect(meter.tokensPerSecond(1000)).toBeNull()
  expect(meter.secondsLeft(1000, 10)).toBeNull()
})

test('speed is tokens over time, time left is steps left over step speed', () => {
  const meter = new ProgressMeter(0)
  for (let i = 1; i <= 10; i++) meter.stepDone(i * 1000, 50)
  expect(meter.tokensPerSecond(10_000)).toBeCloseTo(50)
  expect(meter.secondsLeft(10_000, 30)).toBeCloseTo(30)
})

test('the distant past is forgotten', () => {
  const meter = new ProgressMeter(0)
  for (let i = 1; i <= 100; i++) meter.stepDone(i * 1000, 10)
  for (let i = 1; i <= 100; i++) meter.stepDone(100_000 + i * 1000, 90)
  expect(meter.tokensPerSecond(200_000)).toBeCloseTo(90, -1)
})

test('a run that stands still gets slower, not stuck at its old speed', () => {
  const meter = new ProgressMeter(0)
  meter.stepDone(1000, 100)
  expect(meter.tokensPerSecond(100_000)!).toBeLessThan(2)
})

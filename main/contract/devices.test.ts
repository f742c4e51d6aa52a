import { describe, expect, test } from 'vitest'
import { deviceRefusal, type DeviceCheck } from './devices.ts'

const now = { machine: 'this one', innerview: '1.0.0', onnxruntime: '2.0.0' }
const result = { name: 'logits', passed: true, largestError: 1e-7, detail: 'close' }
const check: DeviceCheck = {
  ...{
    device: 'webgpu',
    dtype: 'float32',
    results: [result],
    speed: null,
    checkedAt: '2026-01-01T00:00:00Z',
  },
  ...{ hash: 'a', configHash: 'b', ...now },
}

describe('a device', () => {
  test('is used once its check has passed', () => expect(deviceRefusal(check, now)).toBeNull())

  test('is not used unchecked', () => expect(deviceRefusal(null, now)).toMatch(/not been checked/))

  test('is not used where any of its checks failed', () => {
    const results = [result, { ...result, name: 'greedy tokens', passed: false }]
    expect(deviceRefusal({ ...check, results }, now)).toBe('its check failed: greedy tokens')
  })

  test.each([
    [{ machine: 'another' }, /the machine was this one/],
    [{ onnxruntime: '2.0.1' }, /ONNX Runtime was 2\.0\.0/],
    [{ innerview: '1.1.0' }, /Innerview was 1\.0\.0/],
  ])('is not used once %o, however well it passed', (changed, why) => {
    expect(deviceRefusal(check, { ...now, ...changed })).toMatch(why)
  })
})

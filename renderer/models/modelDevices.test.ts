import { describe, expect, it, vi } from 'vitest'
import { errors } from '../../main/contract/errors.ts'
import type { Engine } from '../client.ts'
import { Tasks } from '../jobs/tasks.svelte.ts'
import { FakeDevices, inventDeviceCheck } from '../testing/fakeDevices.ts'
import { inventModel } from '../testing/invented.ts'
import { ModelDevices } from './modelDevices.svelte.ts'

const model = inventModel('SmolLM2-135M-Instruct')

/** Both calls as the engine answers them, or as a test wants it. */
function devicesOn(calls: { devices?: unknown; checkDevice?: unknown }) {
  const fake = new FakeDevices()
  const models = {
    devices: vi.fn(({ id, dtype }) => Promise.resolve(fake.choices(id, dtype))),
    checkDevice: vi.fn(async function ({ path, dtype, device }) {
      return (async function* () {
        yield { label: 'comparing', fraction: 0.5 }
        return fake.check(path, dtype, device)
      })()
    }),
    ...calls,
  }
  // A part of the engine, whose streams are plain generators here.
  return { models, devices: new ModelDevices(models as unknown as Engine['models'], new Tasks()) }
}

describe('devices of a model', () => {
  it('are asked for once', async () => {
    const { models, devices } = devicesOn({})
    await Promise.all([devices.want(model, 'float32'), devices.want(model, 'float32')])
    expect(models.devices).toHaveBeenCalledTimes(1)
    expect(devices.of(model, 'float32').map(({ device }) => device)).toEqual(['cpu', 'webgpu'])
    expect(devices.of(model, 'int8')).toEqual([])
  })

  it('are used once checked, in the dtype that was checked', async () => {
    const { devices } = devicesOn({})
    await devices.want(model, 'int8')
    await devices.check(model, 'float32', 'webgpu')
    const refusal = (dtype: 'float32' | 'int8') => devices.of(model, dtype)[1]?.refusal
    expect(refusal('float32')).toBeNull()
    expect(refusal('int8')).toMatch(/not been checked/)
  })

  it('are asked for again where that failed', async () => {
    const choices = [{ device: 'cpu', check: null, refusal: null }]
    const ask = vi
      .fn()
      .mockRejectedValueOnce(errors.notFound({ kind: 'model', id: 'x' }))
      .mockResolvedValue(choices)
    const { devices } = devicesOn({ devices: ask })
    await devices.want(model, 'float32')
    await devices.want(model, 'float32')
    expect(devices.of(model, 'float32')).toEqual(choices)
  })

  it('say why a check could not be made, until the next one', async () => {
    const { devices } = devicesOn({
      checkDevice: vi
        .fn()
        .mockRejectedValueOnce(errors.deviceUnavailable({ device: 'cuda', available: ['cpu'] }))
        .mockImplementation(async () =>
          (async function* () {
            yield { label: 'comparing', fraction: 1 }
            return inventDeviceCheck('webgpu', 'float32')
          })(),
        ),
    })
    await devices.check(model, 'float32', 'cuda')
    expect(devices.failure).toMatchObject({ modelId: model.id, error: { code: 'device_unavailable' } })
    await devices.check(model, 'float32', 'webgpu')
    expect(devices.failure).toBeNull()
  })

  it('never checks the processor', async () => {
    const { models, devices } = devicesOn({})
    await devices.check(model, 'float32', 'cpu')
    expect(models.checkDevice).not.toHaveBeenCalled()
  })
})

// What the pretended engine says of devices.
// Owns: a processor and one device whose check passes. Not: the rest of the engine (fakeEngine.ts).
import type { ComputeDevice, DeviceCheck, DeviceChoice } from '../../main/contract/devices.ts'
import type { ComputeDtype } from '../../main/contract/models.ts'
import { inventedCheck, inventedGround } from './invented.ts'

export function inventDeviceCheck(device: ComputeDevice, dtype: ComputeDtype): DeviceCheck {
  const { results, checkedAt, hash, configHash } = inventedCheck()
  const speed = { cpu: { prompt: 310, answer: 61 }, device: { prompt: 4200, answer: 540 } }
  const { innerview, onnxruntime, device: machine } = inventedGround
  return {
    ...{ device, dtype, results, speed, checkedAt },
    ...{ hash, configHash, machine, innerview, onnxruntime },
  }
}

export class FakeDevices {
  private readonly checks = new Map<string, DeviceCheck>()

  choices(id: string, dtype: ComputeDtype): DeviceChoice[] {
    const check = this.checks.get(`${id} ${dtype}`) ?? null
    const refusal = check ? null : 'it has not been checked with this model'
    return [
      { device: 'cpu', check: null, refusal: null },
      { device: 'webgpu', check, refusal },
    ]
  }

  check(id: string, dtype: ComputeDtype, device: ComputeDevice): DeviceCheck {
    const check = inventDeviceCheck(device, dtype)
    this.checks.set(`${id} ${dtype}`, check)
    return check
  }
}

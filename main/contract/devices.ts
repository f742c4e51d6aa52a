// What a model is computed on, and what a check of a device has found.
// Owns: the devices' names, the shape of a check, whether one still holds. Not: checking (jobs/devices/) or listing what there is (inference/devices.ts).
import * as z from 'zod'
import { checkResult, computeDtype } from './models.ts'

/** As ONNX Runtime names its execution providers; `dml` is DirectML. */
export const computeDevice = z.enum(['cpu', 'webgpu', 'cuda', 'dml', 'coreml'])
export type ComputeDevice = z.infer<typeof computeDevice>

/** Tokens per second over a short prompt and answers of four rows at once; transfers to and from the device included. */
const deviceSpeed = z.object({ prompt: z.number(), answer: z.number() })
export type DeviceSpeed = z.infer<typeof deviceSpeed>

/** A model on a device beside the same on the processor. */
export const deviceCheck = z.object({
  device: computeDevice,
  dtype: computeDtype,
  results: z.array(checkResult).min(1),
  /** Null where it could not be measured. */
  speed: z.object({ cpu: deviceSpeed, device: deviceSpeed }).nullable(),
  checkedAt: z.string(),
  /** SHA-256 of the weights and of the configuration, as in the model's record. */
  hash: z.string(),
  configHash: z.string(),
  /** Processor, kind of system and their versions: a driver is not seen from here. */
  machine: z.string(),
  innerview: z.string(),
  onnxruntime: z.string(),
})
export type DeviceCheck = z.infer<typeof deviceCheck>

/** What a model can be computed on. */
export const deviceChoice = z.object({
  device: computeDevice,
  /** The last one of these weights in this dtype. */
  check: deviceCheck.nullable(),
  /** Why it is not used; null where it can be. */
  refusal: z.string().nullable(),
})
export type DeviceChoice = z.infer<typeof deviceChoice>

/** What a check of a device holds for, beside weights and dtype. */
export type DeviceGround = Pick<DeviceCheck, 'machine' | 'innerview' | 'onnxruntime'>

const grounds = { machine: 'the machine', innerview: 'Innerview', onnxruntime: 'ONNX Runtime' } as const

/** Why a device is not used, in words that follow “because”; null where its check passed and nothing has changed since. */
export function deviceRefusal(check: DeviceCheck | null, now: DeviceGround): string | null {
  if (!check) return 'it has not been checked with this model'
  const keys = Object.keys(grounds) as (keyof typeof grounds)[] // an object literal's own keys
  const changed = keys.filter((key) => check[key] !== now[key])
  if (changed.length > 0)
    return `it was checked when ${changed.map((key) => `${grounds[key]} was ${check[key]}`).join(', ')}`
  const failed = check.results.filter(({ passed }) => !passed).map(({ name }) => name)
  return failed.length > 0 ? `its check failed: ${failed.join(', ')}` : null
}

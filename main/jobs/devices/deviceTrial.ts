// A model on a device beside the same on the processor: loaded one after the other, asked the same, and timed.
// Owns: the order of it, and what it means when a device does not start. Not: the numbers (inference/deviceComparison.ts), or the process it runs in (deviceCheck.ts).
import type { WorkProgress } from '../../contract/api.ts'
import type { ComputeDevice, DeviceCheck, DeviceSpeed } from '../../contract/devices.ts'
import { AppError } from '../../contract/errors.ts'
import type { CheckResult, ComputeDtype } from '../../contract/models.ts'
import { deviceResults, measureSpeed, processorValues } from '../../inference/deviceComparison.ts'
import type { ModelFiles } from '../../model/modelFiles.ts'
import { openModelFiles } from '../../model/openModelFiles.ts'
import { LoadedModel, type LoadOptions } from '../loadedModel.ts'

export interface TrialSettings {
  path: string
  device: ComputeDevice
  dtype: ComputeDtype
  cacheFolder: string
  /** SHA-256 of the weights. */
  hash: string
}

export type TrialFindings = Pick<DeviceCheck, 'results' | 'speed'>

type Tell = (progress: WorkProgress) => void

const text = 'Name something that is smaller than a house. Is it alive, and can it swim?'
/** Rows the checks run beside one another. */
const ROWS = 4

/** A device that did not come to an end with it. */
export const failedTrial = (detail: string): TrialFindings => ({
  results: [{ name: 'device', passed: false, largestError: null, detail }],
  speed: null,
})

/**
 * Every hook point, changed rows, and the device against itself; then tokens per second of both.
 * @throws what opening the model on the processor throws; the signal's reason
 */
export async function deviceTrial(
  settings: TrialSettings,
  tell: Tell,
  signal: AbortSignal,
): Promise<TrialFindings> {
  const files = await openModelFiles(settings.path)
  const on = async <T>(
    options: Pick<LoadOptions, 'device' | 'likeDevice'>,
    work: (model: LoadedModel) => Promise<T>,
  ): Promise<T> => within(files, settings, options, work, signal)
  tell({ label: 'Computing on the processor', fraction: 0.1 })
  const here = await on({ likeDevice: true }, (model) =>
    processorValues((request) => model.generate(request, signal), askedOf(model)),
  )
  const cpu = await on({}, (model) => speedOf(model, signal))
  tell({ label: `Computing on ${settings.device}`, fraction: 0.3 })
  try {
    return await on({ device: settings.device }, async (model) => {
      const onProgress = (part: number): void =>
        tell({ label: `Comparing ${settings.device} with the processor`, fraction: 0.35 + 0.55 * part })
      const generate = (request: Parameters<LoadedModel['generate']>[0]) => model.generate(request, signal)
      const results: CheckResult[] = await deviceResults(generate, here, askedOf(model), onProgress)
      const device = await speedOf(model, signal)
      return { results, speed: cpu && device && { cpu, device } }
    })
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof AppError && error.code === 'not_enough_memory') throw error
    return failedTrial(`it could not be used: ${error instanceof Error ? error.message : String(error)}`)
  }
}

async function within<T>(
  files: ModelFiles,
  { cacheFolder, dtype, hash }: TrialSettings,
  options: Pick<LoadOptions, 'device' | 'likeDevice'>,
  work: (model: LoadedModel) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const load = { cacheFolder, dtype, hash, rows: ROWS, ...options, isTrial: true }
  const model = await LoadedModel.open(files, load, () => {}, signal)
  try {
    return await work(model)
  } finally {
    await model.close()
  }
}

const askedOf = (model: LoadedModel) => ({
  shape: model.shape,
  prompt: model.encodeChat([{ role: 'user', content: text }]).slice(0, 24),
})

const speedOf = (model: LoadedModel, signal: AbortSignal): Promise<DeviceSpeed | null> =>
  measureSpeed((request) => model.generate(request, signal), askedOf(model))

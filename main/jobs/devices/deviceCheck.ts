// `models check --device`: may this model be computed on that device here?
// Owns: the process that tries it, and keeping what is found, also where a driver ends that process. Not: what is tried (deviceTrial.ts).
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { WorkProgress } from '../../contract/api.ts'
import type { DeviceCheck } from '../../contract/devices.ts'
import { AppError, type ErrorReport } from '../../contract/errors.ts'
import { hashConfig, hashModel } from '../../model/hashModel.ts'
import { openModelFiles } from '../../model/openModelFiles.ts'
import { deviceGround, keepDeviceCheck, requireListed } from './deviceChecks.ts'
import { deviceTrial, failedTrial, type TrialFindings, type TrialSettings } from './deviceTrial.ts'

/** What the process that tries a device says. */
export type FromTrial =
  | { kind: 'progress'; progress: WorkProgress }
  | { kind: 'found'; findings: TrialFindings }
  | { kind: 'failed'; error: ErrorReport }

type Tell = (progress: WorkProgress) => void
type Trial = (settings: TrialSettings, tell: Tell, signal: AbortSignal) => Promise<TrialFindings>

/** How much of what a driver wrote is told. */
const TOLD_CHARACTERS = 400

/** Electron's binary cannot be started as a plain Node once it is packaged. */
const canFork = process.versions.electron === undefined

/**
 * Tries a device with a model and keeps what is found in the cache. A device that does not start, computes otherwise, or ends
 * its process is a check that failed, not an error.
 * @param settings.hash  SHA-256 of the weights where it is known
 * @param trial  for tests of what becomes of a process that ends
 * @throws device_unavailable, and what opening the model on the processor throws; the signal's reason
 */
export async function checkDevice(
  settings: Omit<TrialSettings, 'hash'> & { hash?: string },
  tell: Tell,
  signal: AbortSignal,
  trial: Trial = canFork ? (...given) => trialInProcess(...given) : deviceTrial,
): Promise<DeviceCheck> {
  const { device, dtype, cacheFolder } = settings
  await requireListed(device)
  const files = await openModelFiles(settings.path)
  const onProgress = (fraction: number): void =>
    tell({ label: 'Hashing the weights', fraction: 0.1 * fraction })
  const hash = settings.hash ?? (await hashModel(files, { signal, onProgress }))
  const checkOf = (findings: TrialFindings): DeviceCheck => ({
    ...{ device, dtype, hash, configHash: hashConfig(files.config) },
    ...findings,
    checkedAt: new Date().toISOString(),
    ...deviceGround(),
  })
  const keep = async (check: DeviceCheck): Promise<DeviceCheck> => {
    await keepDeviceCheck(cacheFolder, check)
    return check
  }
  // Stands until the trial has ended: where this very process goes down with a driver, that is what is found.
  if (!canFork) await keep(checkOf(failedTrial('the engine ended while it was tried')))
  const findings = await trial({ ...settings, path: files.path, hash }, tell, signal)
  signal.throwIfAborted()
  return keep(checkOf(findings))
}

/** @param entry  of the process; for tests */
export async function trialInProcess(
  settings: TrialSettings,
  tell: Tell,
  signal: AbortSignal,
  entry = defaultEntry(),
): Promise<TrialFindings> {
  signal.throwIfAborted()
  const child = fork(entry, [], { serialization: 'advanced', stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
  let written = ''
  child.stderr?.on(
    'data',
    (data: Buffer) => (written = (written + data.toString()).slice(0, TOLD_CHARACTERS)),
  )
  const onAbort = (): void => void child.kill('SIGKILL')
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await new Promise<TrialFindings>((resolve, reject) => {
      child.on('message', (message: FromTrial) => {
        if (message.kind === 'progress') tell(message.progress)
        else if (message.kind === 'found') resolve(message.findings)
        else reject(new AppError(message.error))
      })
      child.on('error', reject)
      child.on('exit', (code, by) => {
        if (signal.aborted) return reject(signal.reason as Error)
        const end = by === null ? `with code ${code}` : `by ${by}`
        resolve(failedTrial(`the process that tried it was ended ${end}. ${written.trim()}`.trim()))
      })
      child.send(settings)
    })
  } finally {
    signal.removeEventListener('abort', onAbort)
    child.kill('SIGKILL')
  }
}

/** Beside this file: the source under Node's type stripping, the bundled process beside a bundle. */
function defaultEntry(): string {
  const name = import.meta.url.endsWith('.ts') ? './trialProcess.ts' : './trialProcess.mjs'
  return fileURLToPath(new URL(name, import.meta.url))
}

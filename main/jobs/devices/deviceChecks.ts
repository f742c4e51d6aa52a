// What is known of devices on this machine: one file for each model, dtype and device, in the cache.
// Owns: keeping and reading checks, refusing a device that has none. Not: making them (deviceCheck.ts).
// They lie in the cache and not in a workspace, because every workspace and every program on this machine may rely on them.
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { release } from 'node:os'
import { join } from 'node:path'
import {
  deviceCheck,
  deviceRefusal,
  type ComputeDevice,
  type DeviceCheck,
  type DeviceChoice,
  type DeviceGround,
} from '../../contract/devices.ts'
import { errors } from '../../contract/errors.ts'
import type { ComputeDtype } from '../../contract/models.ts'
import { listedDevices } from '../../inference/devices.ts'
import { runtimeVersion, version } from '../../version.ts'
import { deviceName } from '../device.ts'

/** Weights in a dtype on a device. */
export interface DeviceUse {
  device: ComputeDevice
  dtype: ComputeDtype
  /** SHA-256 of the weights and of the configuration. */
  hash: string
  configHash: string
}

export const deviceGround = (): DeviceGround => ({
  machine: `${deviceName()}, ${process.platform} ${release()}`,
  innerview: version,
  onnxruntime: runtimeVersion,
})

const fileOf = (cacheFolder: string, { device, dtype, hash, configHash }: DeviceUse): string =>
  join(cacheFolder, 'devices', `${hash.slice(0, 24)}-${configHash.slice(0, 8)}-${dtype}-${device}.json`)

/** The last check of this use; null where there is none that can be read. */
export async function findDeviceCheck(cacheFolder: string, use: DeviceUse): Promise<DeviceCheck | null> {
  try {
    return deviceCheck.parse(JSON.parse(await readFile(fileOf(cacheFolder, use), 'utf8')))
  } catch {
    return null // none, or of another version: a new one takes its place
  }
}

export async function keepDeviceCheck(cacheFolder: string, check: DeviceCheck): Promise<void> {
  const file = fileOf(cacheFolder, check)
  await mkdir(join(cacheFolder, 'devices'), { recursive: true })
  await writeFile(`${file}.new`, JSON.stringify(check))
  await rename(`${file}.new`, file)
}

/** Each device of this platform, and whether it is used. */
export async function deviceChoices(
  cacheFolder: string,
  use: Omit<DeviceUse, 'device'>,
): Promise<DeviceChoice[]> {
  const now = deviceGround()
  const choices: DeviceChoice[] = []
  for (const device of await listedDevices()) {
    const check = device === 'cpu' ? null : await findDeviceCheck(cacheFolder, { ...use, device })
    choices.push({ device, check, refusal: device === 'cpu' ? null : deviceRefusal(check, now) })
  }
  return choices
}

/** @throws device_unavailable where this platform has no such device */
export async function requireListed(device: ComputeDevice): Promise<void> {
  const available = await listedDevices()
  if (!available.includes(device)) throw errors.deviceUnavailable({ device, available })
}

/**
 * Lets a device be used whose check passed with these weights here.
 * @param path  of the model, for the message
 * @throws device_unavailable, device_unchecked
 */
export async function requireChecked(cacheFolder: string, path: string, use: DeviceUse): Promise<void> {
  if (use.device === 'cpu') return
  await requireListed(use.device)
  const reason = deviceRefusal(await findDeviceCheck(cacheFolder, use), deviceGround())
  if (reason !== null) throw errors.deviceUnchecked({ device: use.device, dtype: use.dtype, path, reason })
}

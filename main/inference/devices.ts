// What ONNX Runtime can compute on here.
// Owns: its list, and how a session is told of a device. Not: whether a device computes rightly (deviceComparison.ts) or may be used (jobs/devices/).
import type { InferenceSession } from 'onnxruntime-node'
import { computeDevice, type ComputeDevice } from '../contract/devices.ts'

/**
 * The devices that this build of ONNX Runtime knows on this platform, the processor first. Whether their drivers are there is
 * not known before a session is made on them.
 */
export async function listedDevices(): Promise<ComputeDevice[]> {
  const { listSupportedBackends } = await import('onnxruntime-node') // not before it is wanted: it loads the native library
  const known = new Set(listSupportedBackends().map(({ name }) => name))
  return computeDevice.options.filter((device) => known.has(device))
}

/** Nodes that the device has no kernel for run on the processor. */
export const providersOf = (device: ComputeDevice): InferenceSession.ExecutionProviderConfig[] =>
  device === 'cpu' ? ['cpu'] : [{ name: device }, 'cpu']

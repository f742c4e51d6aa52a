// Features from a file of another program, probed without a workspace.
// Owns: finding features, labels and groups in .npz, .npy and .safetensors files, and what is wrong with them. Not: the formats themselves.
import { readFile, stat } from 'node:fs/promises'
import { probeFeatures, type FeatureName, type ProbedFeatures } from '../../analysis/probes/probeFeatures.ts'
import { errors } from '../../contract/errors.ts'
import { probeSettings } from '../../contract/probes.ts'
import { readSafetensorsHeader } from '../../model/safetensors.ts'
import { readNumbers } from '../../model/safetensorsNumbers.ts'
import { parseSettings } from '../settings.ts'
import { readArray, readNpz, type NameArray, type NumberArray } from './npy.ts'

export interface FeatureSource {
  /** .npz or .safetensors */
  file: string
  /** Names in the file; of labels and groups also .npy files. */
  x: string
  labels: string
  groups: string
}

/** Node reads no more at once. */
const LARGEST_FILE = 2 * 2 ** 30

/**
 * Trains and judges a probe on [N, D] features. Without groups every row is one of its own.
 * @throws array_unreadable, invalid_input, and what the data cannot support (the probe_… errors)
 */
export async function judgeFeatures(source: FeatureSource, options: object): Promise<ProbedFeatures> {
  const asked = parseSettings(probeSettings.omit({ dataSetId: true }), options)
  const { split } = asked
  if (split.kind !== 'episode' && split.kind !== 'grouped')
    throw errors.invalidInput({
      field: 'split',
      reason: 'foreign features know groups only: use groupedN or episode',
    })
  const { file, x, labels, groups } = source
  const arrays = await readArrays(file)
  const features = pick(arrays, x, file)
  const wrong = (name: string, reason: string): Error =>
    errors.arrayUnreadable({ path: `${file}: ${name}`, reason })
  if (!('data' in features)) throw wrong(x, 'it holds texts or integers beyond 2⁵³, features are numbers')
  const [rows, width] = features.shape
  if (features.shape.length !== 2)
    throw wrong(x, `its shape is [${features.shape.join(', ')}], features are [N, D]`)
  if (rows === 0 || width === 0) throw wrong(x, `its shape [${rows}, ${width}] holds nothing`)
  const y = await column(arrays, labels, { file, rows })
  const isAbsent = groups === 'groups' && !arrays.has(groups)
  const g = isAbsent
    ? Int32Array.from({ length: rows }, (_, row) => row)
    : await column(arrays, groups, { file, rows })
  const { estimator, standardize, classWeight, permutations, bootstraps, seed } = asked
  return probeFeatures(features.data, y, g, {
    estimator,
    standardize,
    classWeight,
    permutations,
    bootstraps,
    seed,
    split,
  })
}

/** N whole numbers or texts. @throws array_unreadable */
async function column(
  arrays: ReadonlyMap<string, NumberArray | NameArray>,
  name: string,
  { file, rows }: { file: string; rows: number },
): Promise<ArrayLike<FeatureName>> {
  const own = !arrays.has(name) && name.endsWith('.npy')
  const array = own ? readArray(await readBytes(name), name) : pick(arrays, name, file)
  const wrong = (reason: string): Error =>
    errors.arrayUnreadable({ path: own ? name : `${file}: ${name}`, reason })
  const { shape } = array
  if (shape.length !== 1 || shape[0] !== rows)
    throw wrong(`its shape is [${shape.join(', ')}] where there are ${rows} rows of features`)
  if ('names' in array) return array.names
  const { data } = array
  const at = data.findIndex((value) => !Number.isSafeInteger(value))
  if (at >= 0) throw wrong(`row ${at} is ${data[at]}, which is neither a whole number below 2⁵³ nor a text`)
  return data
}

function pick(
  arrays: ReadonlyMap<string, NumberArray | NameArray>,
  name: string,
  file: string,
): NumberArray | NameArray {
  const found = arrays.get(name)
  if (found) return found
  const reason = `it has no “${name}”; it has ${[...arrays.keys()].slice(0, 20).join(', ') || 'nothing'}`
  throw errors.arrayUnreadable({ path: file, reason })
}

async function readArrays(file: string): Promise<ReadonlyMap<string, NumberArray | NameArray>> {
  if (!file.endsWith('.safetensors')) return readNpz(await readBytes(file), file)
  const { tensors } = await readSafetensorsHeader(file)
  const found = new Map<string, NumberArray>()
  for (const [name, entry] of tensors) {
    const data = await readNumbers(file, entry)
    if (data) found.set(name, { data, shape: [...entry.shape] })
  }
  return found
}

/** @throws array_unreadable */
async function readBytes(file: string): Promise<Uint8Array> {
  const wrong = (reason: string, cause?: unknown): Error =>
    errors.arrayUnreadable({ path: file, reason }, cause)
  const { size } = await stat(file).catch((error: Error) => {
    throw wrong('it cannot be opened', error)
  })
  if (size > LARGEST_FILE)
    throw wrong(
      'it is larger than 2 GiB; save the features as .safetensors, which is read in parts, up to 4 GiB',
    )
  return readFile(file).catch((error: Error) => {
    throw wrong(error.message, error)
  })
}

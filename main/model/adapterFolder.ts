// A LoRA adapter as PEFT saves it, and the model it belongs to.
// Owns: finding the base, which of the base's tensors each of the adapter's belongs to. Not: its settings (adapterConfig.ts), merging (adapterWeights.ts).
// Source: names of PEFT's tensors, `base_model.model.<module>.lora_A.weight`, and of modules that were trained whole.
import { readdir, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, isAbsolute, join, resolve } from 'node:path'
import { errors } from '../contract/errors.ts'
import { readAdapterConfig, type AdapterConfig } from './adapterConfig.ts'
import { architectureNamed } from './architectures/knownArchitectures.ts'
import { storedTensor, type StoredTensor } from './architectures/tensorNames.ts'
import { decoderTensors, parameterCount } from './decoderTensors.ts'
import type { Adapter, DecoderConfig, ModelFiles, WeightTensor } from './modelFiles.ts'
import { asWeight, readSafetensorsHeader } from './safetensors.ts'

export const adapterConfigName = 'adapter_config.json'
const weightsName = 'adapter_model.safetensors'

/**
 * The base with an adapter's changes to be merged: a model of its own, whose path and name are the adapter's.
 * @param openBase  opens a model by its path
 * @throws adapterBaseMissing where the base is not found; adapterMismatch where the adapter is another base's;
 *   modelUnsupported, modelMalformed, modelFileMissing, modelTruncated
 */
export async function openAdapterFolder(
  folder: string,
  openBase: (path: string) => Promise<ModelFiles>,
): Promise<ModelFiles> {
  const config = await readAdapterConfig(join(folder, adapterConfigName))
  const file = join(folder, weightsName)
  const found = await stat(file).catch(() => null)
  if (!found) throw errors.modelFileMissing({ path: folder, file: weightsName })
  const basePath = await findBase(folder, config.base)
  if ((await isThere(join(basePath, adapterConfigName))) && !(await isThere(join(basePath, 'config.json'))))
    throw errors.modelUnsupported({ path: folder, reason: 'an adapter on top of an adapter' })
  const base = await openBase(basePath)
  const tensors = await adapterTensors(file)
  const ownConfig = partsHead(tensors, base) ? { ...base.config, tiedEmbeddings: false } : base.config
  return {
    ...base,
    path: folder,
    name: basename(folder),
    config: ownConfig,
    weightFiles: [...base.weightFiles, file, join(folder, adapterConfigName)],
    sizeBytes: base.sizeBytes + found.size,
    parameters: parameterCount(ownConfig),
    adapter: {
      base: { config: base.config, weightFiles: base.weightFiles },
      ...changesOf(tensors, config, { name: base.name, places: basePlaces(file, base, ownConfig) }),
    },
    notes: [...base.notes, `${base.name} with the LoRA adapter ${basename(folder)} merged into its weights.`],
  }
}

/** `base` in the adapter's folder, else where its configuration says: a path, or a name in Hugging Face's cache. */
async function findBase(folder: string, named: string): Promise<string> {
  const own = join(folder, 'base')
  const cache =
    process.env.HF_HUB_CACHE ?? join(process.env.HF_HOME ?? join(homedir(), '.cache', 'huggingface'), 'hub')
  const snapshots = join(cache, `models--${named.replaceAll('/', '--')}`, 'snapshots')
  const places = named === '' ? [own] : [own, isAbsolute(named) ? named : resolve(folder, named)]
  for (const place of places) if (await isThere(place)) return place
  if (named !== '' && !named.includes('..')) {
    places.push(snapshots)
    const commits = await readdir(snapshots).catch(() => [])
    if (commits.length > 0) return join(snapshots, commits.sort()[0])
  }
  throw errors.adapterBaseMissing({ path: folder, base: named.slice(0, 200), places })
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )

/** What an adapter has for one module. */
interface Pair {
  A?: WeightTensor
  B?: WeightTensor
  /** What the length of each row becomes. */
  magnitude?: WeightTensor
}
interface AdapterTensors {
  file: string
  pairs: Map<string, Pair>
  /** By their names in the base. */
  wholes: Map<string, WeightTensor>
}

const prefix = /^base_model\.model\./
const pairName =
  /^(.+)\.(?:lora_([AB])(?:\.default)?\.weight|(lora_magnitude_vector)(?:(?:\.default)?\.weight)?)$/
/** What PEFT wraps around modules that it trains whole. */
const wrapping = /\.(?:base_layer|modules_to_save(?:\.default)?)(?=\.(?:weight|bias)$)/

async function adapterTensors(file: string): Promise<AdapterTensors> {
  const { tensors } = await readSafetensorsHeader(file)
  const found: AdapterTensors = { file, pairs: new Map(), wholes: new Map() }
  for (const [fullName, entry] of tensors) {
    const name = fullName.replace(prefix, '')
    const weight = asWeight(file, entry)
    if (!weight)
      throw errors.modelUnsupported({ path: file, reason: `${fullName} is stored as ${entry.dtype}` })
    const [, module, letter] = pairName.exec(name) ?? []
    if (module !== undefined)
      found.pairs.set(module, { ...found.pairs.get(module), [letter ?? 'magnitude']: weight })
    else if (/\.(?:lora_|token_adapter\.)/.test(name))
      throw errors.modelUnsupported({ path: file, reason: `${fullName} is no matrix of a LoRA pair` })
    else found.wholes.set(name.replace(wrapping, ''), weight)
  }
  if (found.pairs.size + found.wholes.size === 0)
    throw errors.modelMalformed({ path: file, reason: 'it changes nothing' })
  return found
}

/** Where in the base a tensor of its files is, as ours. */
interface BasePlace {
  name: string
  stored: StoredTensor
  /** [out, in] of ours, or a vector's */
  shape: readonly number[]
}
type BasePlaces = ReadonlyMap<string, readonly BasePlace[]>

/** Whether embeddings and head, one matrix in the base, become two. */
function partsHead({ pairs, wholes }: AdapterTensors, { config }: ModelFiles): boolean {
  if (!config.tiedEmbeddings) return false
  const { tensors: names = {} } = architectureNamed(config.architecture)
  const [embedding, head] = ['model.embed_tokens.weight', 'lm_head.weight'].map(
    (name) => storedTensor(name, names, config.shape).name,
  )
  return wholes.has(embedding) || wholes.has(head) || pairs.has(head.replace(/\.weight$/, ''))
}

function basePlaces(file: string, base: ModelFiles, config: DecoderConfig): BasePlaces {
  const { tensors: names = {} } = architectureNamed(config.architecture)
  if (base.format === 'gguf' && config.architecture === 'gpt_neox')
    throw errors.modelUnsupported({
      path: file,
      reason: 'an adapter for a GGUF file whose heads were rearranged',
    })
  const places = new Map<string, BasePlace[]>()
  for (const [name, shape] of decoderTensors(config)) {
    const stored = storedTensor(name, names, config.shape)
    places.set(stored.name, [...(places.get(stored.name) ?? []), { name, stored, shape }])
  }
  return places
}

interface Base {
  name: string
  places: BasePlaces
}

function changesOf(
  { file, pairs, wholes }: AdapterTensors,
  config: AdapterConfig,
  base: Base,
): Pick<Adapter, 'matrices' | 'wholes'> {
  const placesOf = (stored: string): readonly BasePlace[] => {
    const places = base.places.get(stored)
    if (places) return places
    const module = stored.replace(/\.weight$/, '')
    throw errors.adapterMismatch({ path: file, base: base.name, reason: `the base has no ${module}` })
  }
  return {
    matrices: [...pairs].flatMap(([module, pair]) => {
      const places = placesOf(`${module}.weight`)
      const change = wholeChange(file, module, pair, config)
      return places.map((place) => matrixOf(file, change, place, base))
    }),
    wholes: new Map(
      [...wholes].flatMap(([stored, weight]) =>
        placesOf(stored).map((place): [string, WeightTensor] => [
          place.name,
          wholeOf(file, weight, place, base),
        ]),
      ),
    ),
  }
}

interface Change {
  module: string
  down: WeightTensor
  up: WeightTensor
  magnitude: WeightTensor | null
  scale: number
}

function wholeChange(file: string, module: string, pair: Pair, config: AdapterConfig): Change {
  const { A: down, B: up, magnitude = null } = pair
  const wrong = (reason: string): Error => errors.modelMalformed({ path: file, reason })
  if (!down || !up || down.shape.length !== 2 || up.shape.length !== 2 || up.shape[1] !== down.shape[0])
    throw wrong(`the pair of ${module} is incomplete or does not fit`)
  const { rank, scale } = config.pairOf(module)
  if (down.shape[0] !== rank)
    throw wrong(`the pair of ${module} has rank ${down.shape[0]}, ${adapterConfigName} says ${rank}`)
  if (config.scalesRows !== (magnitude !== null))
    throw wrong(`use_dora is ${config.scalesRows}, and ${module} has ${magnitude ? 'a' : 'no'} magnitude`)
  if (magnitude && magnitude.shape.join() !== String(up.shape[0]))
    throw wrong(`the magnitude of ${module} has shape [${magnitude.shape.join()}] for ${up.shape[0]} rows`)
  return { module, down, up, magnitude, scale }
}

/** Rows of a stored tensor that are ours. @param rows  of the whole */
function rowsOf(weight: WeightTensor, { stored, shape }: BasePlace, rows: number): WeightTensor {
  const rowBytes = weight.byteLength / rows
  return {
    ...weight,
    offset: weight.offset + (stored.part?.firstRow ?? 0) * rowBytes,
    byteLength: shape[0] * rowBytes,
    shape: [shape[0], ...weight.shape.slice(1)],
  }
}

function matrixOf(
  path: string,
  { module, down, up, magnitude, scale }: Change,
  place: BasePlace,
  base: Base,
): Adapter['matrices'][number] {
  const { name, stored, shape } = place
  const rows = stored.part?.ofRows ?? shape[0]
  if (up.shape[0] !== rows || down.shape[1] !== shape[1]) {
    const reason = `its change of ${module} is ${up.shape[0]} × ${down.shape[1]}, the base has ${rows} × ${shape[1]}`
    throw errors.adapterMismatch({ path, base: base.name, reason })
  }
  return {
    name,
    down,
    up: rowsOf(up, place, rows),
    scale,
    magnitude: magnitude && rowsOf(magnitude, place, rows),
  }
}

function wholeOf(path: string, weight: WeightTensor, place: BasePlace, base: Base): WeightTensor {
  const { stored, shape } = place
  const rows = stored.part?.ofRows ?? shape[0]
  const whole = [rows, ...shape.slice(1)]
  const lying = stored.isTransposed ? whole.toReversed() : whole
  if (weight.shape.join() !== lying.join()) {
    const reason = `its ${stored.name} is [${weight.shape.join()}], the base has [${lying.join()}]`
    throw errors.adapterMismatch({ path, base: base.name, reason })
  }
  return stored.isTransposed ? { ...weight, isTransposed: true } : rowsOf(weight, place, rows)
}

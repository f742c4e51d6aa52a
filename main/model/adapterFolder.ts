// A LoRA adapter as PEFT saves it, and the model it belongs to.
// Owns: adapter_config.json, finding the base, which of the base's matrices each pair of the adapter's belongs to. Not: merging (adapterWeights.ts).
// Source: PEFT's LoraConfig and its tensors' names, `base_model.model.<module>.lora_A.weight`.
import { readdir, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, isAbsolute, join, resolve } from 'node:path'
import * as z from 'zod'
import { errors } from '../contract/errors.ts'
import { architectureNamed } from './architectures/knownArchitectures.ts'
import { storedTensor, type StoredTensor } from './architectures/tensorNames.ts'
import { decoderTensors } from './decoderTensors.ts'
import { parseJson, readText } from './fileReading.ts'
import type { Adapter, AdapterMatrix, ModelFiles, WeightTensor } from './modelFiles.ts'
import { asWeight, readSafetensorsHeader, type SafetensorsEntry } from './safetensors.ts'

export const adapterConfigName = 'adapter_config.json'
const weightsName = 'adapter_model.safetensors'

const number = z.number().refine(Number.isFinite)
const configSchema = z.object({
  peft_type: z.string(),
  base_model_name_or_path: z.string().nullish(),
  r: number.positive(),
  lora_alpha: number,
  use_rslora: z.boolean().nullish(),
  use_dora: z.boolean().nullish(),
  alpha_pattern: z.record(z.string(), number).nullish(),
  modules_to_save: z.array(z.string()).nullish(),
})
type AdapterConfig = z.infer<typeof configSchema>

/**
 * The base with an adapter's matrices to be added: a model of its own, whose path and name are the adapter's.
 * @param openBase  opens a model by its path
 * @throws adapterBaseMissing where the base is not found; adapterMismatch where the adapter is another base's;
 *   modelUnsupported, modelMalformed, modelFileMissing, modelTruncated
 */
export async function openAdapterFolder(
  folder: string,
  openBase: (path: string) => Promise<ModelFiles>,
): Promise<ModelFiles> {
  const config = readConfig(join(folder, adapterConfigName), await readText(join(folder, adapterConfigName)))
  const file = join(folder, weightsName)
  const found = await stat(file).catch(() => null)
  if (!found) throw errors.modelFileMissing({ path: folder, file: weightsName })
  const basePath = await findBase(folder, config.base_model_name_or_path ?? '')
  if ((await isThere(join(basePath, adapterConfigName))) && !(await isThere(join(basePath, 'config.json'))))
    throw errors.modelUnsupported({ path: folder, reason: 'an adapter on top of an adapter' })
  const base = await openBase(basePath)
  const adapter: Adapter = {
    baseFiles: base.weightFiles,
    matrices: await adapterMatrices(file, config, base),
  }
  return {
    ...base,
    path: folder,
    name: basename(folder),
    weightFiles: [...base.weightFiles, file, join(folder, adapterConfigName)],
    sizeBytes: base.sizeBytes + found.size,
    adapter,
    notes: [...base.notes, `${base.name} with the LoRA adapter ${basename(folder)} merged into its weights.`],
  }
}

function readConfig(path: string, text: string): AdapterConfig {
  const parsed = configSchema.safeParse(parseJson(path, text))
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw errors.modelMalformed({ path, reason: `${issue.path.join('.') || 'the whole'}: ${issue.message}` })
  }
  const config = parsed.data
  const refuse = (reason: string): Error => errors.modelUnsupported({ path, reason })
  if (config.peft_type !== 'LORA')
    throw refuse(`an adapter of type ${config.peft_type.slice(0, 100)} (only LORA)`)
  if (config.use_dora) throw refuse('DoRA, which scales the weights it is added to')
  if (Object.keys(config.alpha_pattern ?? {}).length > 0) throw refuse('an alpha for some modules only')
  if ((config.modules_to_save ?? []).length > 0) throw refuse('whole modules in the place of the base’s')
  return config
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

const pairName = /^(?:base_model\.model\.)?(.+)\.lora_([AB])(?:\.default)?\.weight$/

/** The base's matrices that change, and by what. */
async function adapterMatrices(
  file: string,
  config: AdapterConfig,
  base: ModelFiles,
): Promise<AdapterMatrix[]> {
  const { tensors } = await readSafetensorsHeader(file)
  const pairs = new Map<string, { A?: SafetensorsEntry; B?: SafetensorsEntry }>()
  for (const [name, entry] of tensors) {
    const [, module, letter] = pairName.exec(name) ?? []
    if (module === undefined)
      throw errors.modelUnsupported({ path: file, reason: `${name} is no matrix of a LoRA pair` })
    pairs.set(module, { ...pairs.get(module), [letter]: entry })
  }
  if (pairs.size === 0) throw errors.modelMalformed({ path: file, reason: 'it changes nothing' })
  const places = basePlaces(file, base)
  return [...pairs].flatMap(([module, { A, B }]) => {
    const [down, up] = [A && asWeight(file, A), B && asWeight(file, B)]
    if (!down || !up || down.shape.length !== 2 || up.shape.length !== 2 || up.shape[1] !== down.shape[0])
      throw errors.modelMalformed({
        path: file,
        reason: `the pair of ${module} is incomplete or does not fit`,
      })
    const targets = places.get(module)
    if (!targets)
      throw errors.adapterMismatch({ path: file, base: base.name, reason: `the base has no ${module}` })
    const rank = down.shape[0]
    const scale = config.lora_alpha / (config.use_rslora ? Math.sqrt(rank) : rank)
    return targets.map((target) => changeOf(file, { module, target, down, up, scale }, base))
  })
}

/** Where in the base each of its modules is: by the module's own name, ours and the rows of it that are ours. */
interface BasePlace {
  name: string
  stored: StoredTensor
  /** [out, in] of ours */
  shape: readonly number[]
}

function basePlaces(file: string, base: ModelFiles): Map<string, BasePlace[]> {
  const { tensors: names = {} } = architectureNamed(base.config.architecture)
  if (base.format === 'gguf' && base.config.architecture === 'gpt_neox')
    throw errors.modelUnsupported({
      path: file,
      reason: 'an adapter for a GGUF file whose heads were rearranged',
    })
  const places = new Map<string, BasePlace[]>()
  for (const [name, shape] of decoderTensors(base.config)) {
    if (shape.length !== 2) continue
    const stored = storedTensor(name, names, base.config.shape)
    const module = stored.name.replace(/\.weight$/, '')
    places.set(module, [...(places.get(module) ?? []), { name, stored, shape }])
  }
  return places
}

interface Change {
  module: string
  target: BasePlace
  down: WeightTensor
  up: WeightTensor
  scale: number
}

function changeOf(
  path: string,
  { module, target, down, up, scale }: Change,
  base: ModelFiles,
): AdapterMatrix {
  const { name, stored, shape } = target
  const rows = stored.part?.ofRows ?? shape[0]
  if (up.shape[0] !== rows || down.shape[1] !== shape[1]) {
    const reason = `its change of ${module} is ${up.shape[0]} × ${down.shape[1]}, the base has ${rows} × ${shape[1]}`
    throw errors.adapterMismatch({ path, base: base.name, reason })
  }
  const rowBytes = up.byteLength / up.shape[0]
  const firstRow = stored.part?.firstRow ?? 0
  return {
    name,
    down,
    up: {
      ...up,
      offset: up.offset + firstRow * rowBytes,
      byteLength: shape[0] * rowBytes,
      shape: [shape[0], up.shape[1]],
    },
    scale,
  }
}

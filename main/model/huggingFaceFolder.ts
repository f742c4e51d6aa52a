// A model folder as Hugging Face lays it out.
// Owns: finding its files and checking that every tensor is there. Not: config.json's meaning (huggingFaceConfig.ts), the formats.
import { readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import * as z from 'zod'
import { errors } from '../contract/errors.ts'
import { decoderTensors, mostFrequent, parameterCount } from './decoderTensors.ts'
import { parseJson, readText, readTextIfThere } from './fileReading.ts'
import { idList, parseHuggingFaceConfig } from './huggingFaceConfig.ts'
import { architectureNamed } from './architectures/knownArchitectures.ts'
import { storedTensor, type StoredTensor, type TensorNames } from './architectures/tensorNames.ts'
import type { ChatTemplateSource, DecoderConfig, ModelFiles, WeightTensor } from './modelFiles.ts'
import { asWeight, readSafetensorsHeader, type SafetensorsEntry } from './safetensors.ts'

const indexSchema = z.object({ weight_map: z.record(z.string(), z.string()) })
const generationSchema = z.object({
  eos_token_id: z.union([z.number().int().min(0), z.array(z.number().int().min(0)).max(1000)]).nullish(),
})
/** A token in tokenizer_config.json is its text, or an object around it. */
const tokenText = z
  .union([z.string(), z.object({ content: z.string() }).transform((token) => token.content)])
  .nullish()
const tokenizerConfigSchema = z.object({
  bos_token: tokenText,
  eos_token: tokenText,
  chat_template: z
    .union([z.string(), z.array(z.object({ name: z.string(), template: z.string() }))])
    .nullish(),
})
const jinjaFile = 'chat_template.jinja'
const tokenizerConfigFile = 'tokenizer_config.json'

/**
 * Reads and checks everything but the weights' values.
 * @throws modelFileMissing, modelTruncated, modelMalformed, modelUnsupported, architectureUnsupported
 */
export async function openHuggingFaceFolder(folder: string): Promise<ModelFiles> {
  const configFile = join(folder, 'config.json')
  const { config, stopIds } = parseHuggingFaceConfig(configFile, await readText(configFile))
  const weightFiles = await findWeightFiles(folder)
  const weights = await huggingFaceWeights(config, weightFiles)
  const tokenizerFile = join(folder, 'tokenizer.json')
  if (!(await isFile(tokenizerFile))) {
    throw errors.modelFileMissing({ path: folder, file: 'tokenizer.json' })
  }
  const sizes = await Promise.all(weightFiles.map(async (file) => (await stat(file)).size))
  const generation = await generationStopIds(join(folder, 'generation_config.json'))
  const tokenizerConfig = join(folder, tokenizerConfigFile)
  const chatTemplate = await findChatTemplate(folder)
  return {
    path: folder,
    format: 'safetensors',
    name: folderName(folder),
    config,
    weightFiles,
    sizeBytes: sizes.reduce((a, b) => a + b, 0),
    dtype: mostFrequent(weights.values()),
    parameters: parameterCount(config),
    stopIds: generation.length > 0 ? generation : stopIds,
    tokenizer: {
      kind: 'huggingface',
      tokenizerFile,
      configFile: (await isFile(tokenizerConfig)) ? tokenizerConfig : null,
    },
    chatTemplate,
    notes: [],
  }
}

/**
 * Where each tensor of the decoder lies. Tensors that it does not need are left out.
 * @throws modelMalformed where one is missing or has another shape; modelUnsupported where its type is no float
 */
export async function huggingFaceWeights(
  config: DecoderConfig,
  weightFiles: readonly string[],
): Promise<Map<string, WeightTensor>> {
  const { tensors: names = {} } = architectureNamed(config.architecture)
  const found = await storedTensors(weightFiles)
  const weights = new Map<string, WeightTensor>()
  for (const [name, shape] of decoderTensors(config)) {
    const stored = storedTensor(name, names, config.shape)
    const place = found.get(stored.name) ?? found.get(withoutPrefix(stored.name, names))
    if (!place)
      throw errors.modelMalformed({ path: weightFiles[0], reason: `the tensor ${stored.name} is missing` })
    weights.set(name, partOf(place, stored, shape))
  }
  return weights
}

interface FoundTensor {
  file: string
  entry: SafetensorsEntry
}

async function storedTensors(weightFiles: readonly string[]): Promise<Map<string, FoundTensor>> {
  const found = new Map<string, FoundTensor>()
  for (const file of weightFiles) {
    const { tensors } = await readSafetensorsHeader(file)
    for (const [name, entry] of tensors) {
      if (found.has(name)) throw errors.modelMalformed({ path: file, reason: `${name} is in two files` })
      found.set(name, { file, entry })
    }
  }
  return found
}

/** Files of the bare decoder, without a head, leave its prefix out. */
const withoutPrefix = (name: string, { prefix = 'model.' }: TensorNames): string =>
  name.startsWith(prefix) ? name.slice(prefix.length) : name

/** @param shape  of the tensor, [out, in] for matrices */
function partOf({ file, entry }: FoundTensor, stored: StoredTensor, shape: readonly number[]): WeightTensor {
  const { name, part, isTransposed } = stored
  const whole = part ? [part.ofRows, ...shape.slice(1)] : shape
  const lying = isTransposed ? whole.toReversed() : whole
  if (entry.shape.join() !== lying.join()) {
    const reason = `${name} has shape [${entry.shape.join()}]; config.json asks for [${lying.join()}]`
    throw errors.modelMalformed({ path: file, reason })
  }
  const weight = asWeight(file, entry)
  if (!weight) throw errors.modelUnsupported({ path: file, reason: `${name} is stored as ${entry.dtype}` })
  if (isTransposed) return { ...weight, isTransposed }
  if (!part) return weight
  const rowBytes = weight.byteLength / part.ofRows
  return {
    ...weight,
    offset: weight.offset + part.firstRow * rowBytes,
    byteLength: part.rows * rowBytes,
    shape,
  }
}

async function findWeightFiles(folder: string): Promise<string[]> {
  const single = join(folder, 'model.safetensors')
  if (await isFile(single)) return [single]
  const indexFile = join(folder, 'model.safetensors.index.json')
  const index = await readTextIfThere(indexFile)
  if (index === null) {
    const pickled = (await readdir(folder)).find((name) => /\.(bin|pth?|ckpt)$/.test(name))
    if (pickled) {
      const reason = `its weights are in ${pickled}, a format that can run code when it is opened`
      throw errors.modelUnsupported({ path: folder, reason })
    }
    throw errors.modelFileMissing({ path: folder, file: 'model.safetensors' })
  }
  const parsed = indexSchema.safeParse(parseJson(indexFile, index))
  if (!parsed.success) throw errors.modelMalformed({ path: indexFile, reason: 'it has no weight_map' })
  const shards = [...new Set(Object.values(parsed.data.weight_map))].sort()
  if (shards.length === 0) throw errors.modelMalformed({ path: indexFile, reason: 'its weight_map is empty' })
  for (const shard of shards) {
    // A shard is a plain name: an index must not lead out of its folder.
    if (!/^[\w.-]+\.safetensors$/.test(shard)) {
      throw errors.modelMalformed({ path: indexFile, reason: `“${shard.slice(0, 200)}” is no shard's name` })
    }
    if (!(await isFile(join(folder, shard)))) throw errors.modelFileMissing({ path: folder, file: shard })
  }
  return shards.map((shard) => join(folder, shard))
}

async function generationStopIds(file: string): Promise<number[]> {
  const text = await readTextIfThere(file)
  if (text === null) return []
  const parsed = generationSchema.safeParse(parseJson(file, text))
  if (!parsed.success) throw errors.modelMalformed({ path: file, reason: 'eos_token_id is no list of ids' })
  return idList(parsed.data.eos_token_id)
}

/** chat_template.jinja wins over tokenizer_config.json, and the template named `default` over others, as in transformers. */
async function findChatTemplate(folder: string): Promise<ChatTemplateSource | null> {
  const configFile = join(folder, tokenizerConfigFile)
  const text = await readTextIfThere(configFile)
  const parsed = tokenizerConfigSchema.safeParse(text === null ? {} : parseJson(configFile, text))
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw errors.modelMalformed({
      path: configFile,
      reason: `${issue.path.join('.') || 'the whole'}: ${issue.message}`,
    })
  }
  const { bos_token, eos_token, chat_template } = parsed.data
  const tokens = { bosToken: bos_token ?? '', eosToken: eos_token ?? '' }
  const inFile = await readTextIfThere(join(folder, jinjaFile))
  if (inFile !== null) return { path: join(folder, jinjaFile), text: inFile, ...tokens }
  if (typeof chat_template === 'string') return { path: configFile, text: chat_template, ...tokens }
  const named = chat_template?.find(({ name }) => name === 'default') ?? chat_template?.[0]
  return named ? { path: configFile, text: named.template, ...tokens } : null
}

/** Hugging Face's own cache keeps a model under `models--owner--name/snapshots/<commit>`. */
const folderName = (folder: string): string =>
  /models--[^/\\]+--([^/\\]+)[/\\]snapshots[/\\][^/\\]+$/.exec(folder)?.[1] ?? basename(folder)

const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  )

// The tiny decoders as llama.cpp's converter would write them: the same decoder must come out, number for number.
// Names are the gguf package's (ggufNames.py); what the converter does to values is stated below, from convert_hf_to_gguf.py.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseHuggingFaceConfig } from '../../main/model/huggingFaceConfig.ts'
import { huggingFaceWeights } from '../../main/model/huggingFaceFolder.ts'
import type { DecoderConfig, WeightTensor } from '../../main/model/modelFiles.ts'
import { openModelFiles } from '../../main/model/openModelFiles.ts'
import { prepareWeights } from '../../main/model/prepareWeights.ts'
import { asWeight, readSafetensorsHeader, readWeight } from '../../main/model/safetensors.ts'
import { writeGguf, type GgufInput, type GgufTensorInput } from '../support/writeGguf.ts'

interface Names {
  folders: Record<string, string>
  names: Record<string, Record<string, string>>
}
interface Matrix {
  shape: readonly number[]
  data: Float32Array
}

const golden = join(import.meta.dirname, 'golden')
const { folders, names } = JSON.parse(readFileSync(join(golden, 'ggufNames.json'), 'utf8')) as Names // our own file
let scratch: string
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'gguf-decoders-'))
})
afterAll(() => rmSync(scratch, { recursive: true }))

/** Rows of a matrix, or values of a bias, in another order. */
function reordered({ shape, data }: Matrix, order: (row: number) => number): Matrix {
  const width = data.length / shape[0]
  const moved = new Float32Array(data.length)
  for (let row = 0; row < shape[0]; row++)
    moved.set(data.subarray(order(row) * width, (order(row) + 1) * width), row * width)
  return { shape, data: moved }
}

/** LlamaModel.permute: row 2j of a head is row j of its first half, row 2j + 1 row j of its second. */
const paired = (matrix: Matrix, heads: number): Matrix => {
  const headRows = matrix.shape[0] / heads
  return reordered(matrix, (row) => {
    const within = row % headRows
    return row - within + Math.floor(within / 2) + (within % 2) * (headRows / 2)
  })
}

/** GPTNeoXModel: head by head q, k, v become all q, all k, all v. */
const apart = (matrix: Matrix, heads: number): Matrix => {
  const width = matrix.shape[0] / heads / 3
  return reordered(matrix, (row) => {
    const [part, head, within] = [
      Math.floor(row / (heads * width)),
      Math.floor(row / width) % heads,
      row % width,
    ]
    return (head * 3 + part) * width + within
  })
}

function transposed({ shape, data }: Matrix): Matrix {
  const [rows, columns] = shape
  const turned = new Float32Array(data.length)
  data.forEach((value, index) => (turned[(index % columns) * rows + Math.floor(index / columns)] = value))
  return { shape: [columns, rows], data: turned }
}

/** What the converter makes of one tensor. */
function converted(architecture: string, name: string, matrix: Matrix, { shape }: DecoderConfig): Matrix {
  const hasPairs = ['llama', 'mixtral', 'smollm3'].includes(architecture)
  if (hasPairs && name.includes('.q_proj.')) return paired(matrix, shape.heads)
  if (hasPairs && name.includes('.k_proj.')) return paired(matrix, shape.keyValueHeads)
  if (architecture === 'gptneox' && name.includes('.query_key_value.')) return apart(matrix, shape.heads)
  if (architecture === 'gpt2' && /\.c_(attn|proj|fc)\.weight$/.test(name)) return transposed(matrix)
  if (architecture.startsWith('gemma') && name.endsWith('norm.weight'))
    return { ...matrix, data: matrix.data.map((value) => value + 1) }
  return matrix
}

function metadataOf(architecture: string, config: DecoderConfig): Record<string, GgufInput> {
  const name = architecture === 'mixtral' ? 'llama' : architecture
  const { shape, rotary, attention, norm, mlp } = config
  const found: Record<string, GgufInput> = { 'general.architecture': { type: 'string', value: name } }
  const count = (key: string, value: number) => (found[`${name}.${key}`] = { type: 'uint32', value })
  const float = (key: string, value: number) => (found[`${name}.${key}`] = { type: 'float32', value })
  count('block_count', shape.layers)
  count('context_length', shape.contextLength)
  count('embedding_length', shape.residualWidth)
  count(name === 'qwen3moe' ? 'expert_feed_forward_length' : 'feed_forward_length', shape.mlpWidth)
  count('attention.head_count', shape.heads)
  count('attention.head_count_kv', shape.keyValueHeads)
  if (shape.headWidth * shape.heads !== shape.residualWidth) {
    count('attention.key_length', shape.headWidth)
    count('attention.value_length', shape.headWidth)
  }
  float(`attention.layer_norm_${norm.kind === 'rms' ? 'rms_' : ''}epsilon`, norm.epsilon)
  if (rotary) {
    float('rope.freq_base', rotary.theta)
    count('rope.dimension_count', rotary.width)
  }
  if (rotary?.scaling?.type === 'linear') {
    found[`${name}.rope.scaling.type`] = { type: 'string', value: 'linear' }
    float('rope.scaling.factor', rotary.scaling.factor)
  }
  if (rotary?.scaling?.type === 'longrope') {
    count('context_length', 512)
    count('rope.scaling.original_context_length', shape.contextLength)
    float('rope.scaling.attn_factor', rotary.scaling.attentionFactor)
  }
  if (attention.window) count('attention.sliding_window', attention.window.positions)
  if (attention.softCap) float('attn_logit_softcapping', attention.softCap)
  if (config.logitSoftCap) float('final_logit_softcapping', config.logitSoftCap)
  if (mlp.experts) {
    count('expert_count', mlp.experts.count)
    count('expert_used_count', mlp.experts.perToken)
  }
  if (name === 'gptneox')
    found[`${name}.use_parallel_residual`] = { type: 'bool', value: shape.traits?.parallelResidual ?? false }
  return found
}

async function tensorsOf(
  architecture: string,
  folder: string,
  config: DecoderConfig,
): Promise<GgufTensorInput[]> {
  const file = join(folder, 'model.safetensors')
  const { tensors } = await readSafetensorsHeader(file)
  const joined = new Map<string, Matrix[]>()
  for (const [name, entry] of tensors) {
    const weight = asWeight(file, entry) as WeightTensor // all are float32
    const matrix = { shape: entry.shape, data: await readWeight(weight) }
    const own = names[architecture][name]
    joined.set(own, [...(joined.get(own) ?? []), converted(architecture, name, matrix, config)])
  }
  if (config.rotary?.scaling?.type === 'longrope') {
    const data = Float32Array.from(config.rotary.scaling.factors)
    joined.set('rope_factors_short.weight', [{ shape: [data.length], data }])
  }
  return [...joined].map(([name, parts]) => {
    const shape = parts.length > 1 ? [parts.length, ...parts[0].shape] : parts[0].shape
    const data = Buffer.concat(parts.map(({ data: values }) => Buffer.from(values.buffer)))
    return { name, type: 0, shape, data }
  })
}

/** What a GGUF file cannot say of a decoder, or says otherwise: llama.cpp has these numbers in its code. */
const inCode: Record<string, (config: DecoderConfig) => DecoderConfig> = {
  gemma2: (config) => ({ ...config, attention: { ...config.attention, scale: 1 / Math.sqrt(16) } }),
  gemma3: (config) => ({
    ...config,
    windowRotary: { width: 16, theta: 10000, scaling: null },
    attention: {
      ...config.attention,
      scale: 1 / Math.sqrt(16),
      window: { positions: 24, layers: [0, 1, 2] },
    },
  }),
  smollm3: (config) => ({
    ...config,
    shape: { ...config.shape, traits: { ...config.shape.traits!, unrotatedLayers: [] } },
  }),
}

/** Numbers as a GGUF file keeps them. */
const inSinglePrecision = (config: DecoderConfig): DecoderConfig =>
  JSON.parse(
    JSON.stringify({
      ...config,
      norm: { ...config.norm, isGainLessOne: false, epsilon: Math.fround(config.norm.epsilon) },
    }),
    (key, value: unknown) =>
      key === 'attentionFactor'
        ? Math.fround(value as number)
        : value === 'heads' && key === 'projection'
          ? 'blocks'
          : value,
  ) as DecoderConfig

describe.each(Object.entries(folders))('a GGUF file of %s', (architecture, name) => {
  it('holds the decoder that the Hugging Face folder holds', async () => {
    const folder = join(golden, 'decoders', name)
    const configFile = join(folder, 'config.json')
    const { config } = parseHuggingFaceConfig(configFile, await readFile(configFile, 'utf8'))
    const path = writeGguf(join(scratch, `${architecture}.gguf`), {
      metadata: metadataOf(architecture, config),
      tensors: await tensorsOf(architecture, folder, config),
    })
    const files = await openModelFiles(path)
    const expected = (inCode[architecture] ?? ((same) => same))(inSinglePrecision(config))
    expect(JSON.parse(JSON.stringify(files.config))).toEqual(JSON.parse(JSON.stringify(expected)))

    const ours = await prepareWeights(files, { cacheFolder: scratch })
    const theirs = await huggingFaceWeights(config, [join(folder, 'model.safetensors')])
    expect([...ours.keys()].sort()).toEqual([...theirs.keys()].sort())
    for (const [tensor, weight] of theirs) {
      const stored = { shape: weight.shape, data: await readWeight(weight) }
      const right = weight.isTransposed ? transposed(stored) : stored
      const isNeox = architecture === 'gptneox' && tensor.includes('.qkv_proj.')
      const { data } = isNeox ? apart(right, config.shape.heads) : right
      const wanted =
        config.norm.isGainLessOne && /norm\.weight$/.test(tensor) ? data.map((gain) => gain + 1) : data
      expect(await readWeight(ours.get(tensor)!), tensor).toEqual(wanted)
    }
  })
})

it('there is a file to compare for every architecture that llama.cpp names', () => {
  expect(readdirSync(join(golden, 'decoders'))).toEqual(expect.arrayContaining(Object.values(folders)))
})

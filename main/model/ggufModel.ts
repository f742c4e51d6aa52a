// A GGUF file of a decoder.
// Owns: its tensors by this program's names, the ends of its answers, its template. Not: the format (gguf.ts), its decoder's numbers (ggufDecoder.ts), its tokeniser (ggufTokenizer.ts).
// llama.cpp stores the rows of some architectures' query and key matrices permuted.
import { basename } from 'node:path'
import { errors } from '../contract/errors.ts'
import { architectureNamed } from './architectures/knownArchitectures.ts'
import { storedInGguf, type StoredPart } from './architectures/tensorNames.ts'
import { decoderTensors, mostFrequent, parameterCount } from './decoderTensors.ts'
import { readGguf, type Gguf, type GgufTensor } from './gguf.ts'
import { ggufArchitecture, ggufDecoder } from './ggufDecoder.ts'
import { GgufMetadata } from './ggufMetadata.ts'
import type { ChatTemplateSource, DecoderConfig, ModelFiles } from './modelFiles.ts'

/** A tensor of the decoder inside the GGUF file. */
export interface GgufWeight {
  tensor: GgufTensor
  /** Heads whose rows are interleaved and must be put back in order; 0 where none are. */
  permutedHeads: number
}

/**
 * Reads and checks everything but the weights' values.
 * @throws modelTruncated, modelMalformed, modelUnsupported, architectureUnsupported
 */
export function openGgufModel(path: string): ModelFiles {
  const gguf = readGguf(path)
  const metadata = new GgufMetadata(gguf)
  refuseOtherKinds(gguf, metadata)
  const config = ggufDecoder(gguf, metadata)
  const weights = ggufWeights(gguf, config)
  return {
    path,
    format: 'gguf',
    // What its owner called it: `general.name` is often the name of a training run.
    name: basename(path, '.gguf'),
    config,
    weightFiles: [path],
    sizeBytes: gguf.fileBytes,
    dtype: mostFrequent(
      [...weights.values()].map(({ tensor }) => ({ shape: tensor.shape, dtype: storedName(tensor.type) })),
    ),
    parameters: parameterCount(config),
    stopIds: ggufStopIds(gguf),
    tokenizer: { kind: 'gguf', file: path },
    chatTemplate: chatTemplateOf(gguf, metadata),
    notes: [],
  }
}

const plainNames: Record<string, string> = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' }
const storedName = (type: string) => plainNames[type] ?? type

function refuseOtherKinds(gguf: Gguf, metadata: GgufMetadata): void {
  const { path } = gguf
  const refuse = (reason: string) => errors.modelUnsupported({ path, reason })
  const kind = metadata.text('general.type') ?? 'model'
  if (kind !== 'model') throw refuse(`the GGUF file holds a part of another kind (“${kind.slice(0, 100)}”)`)
  if ((metadata.count('split.count') ?? 1) > 1) {
    throw refuse('it is one of several split GGUF files; merge them first (llama-gguf-split --merge)')
  }
  ggufArchitecture(gguf, metadata)
  if (gguf.tensors.size === 0) throw refuse('the GGUF file holds a vocabulary but no weights')
}

/**
 * Every tensor of the decoder, by Hugging Face's names.
 * @throws modelMalformed where one is missing or has another shape
 */
export function ggufWeights(gguf: Gguf, config: DecoderConfig): Map<string, GgufWeight> {
  const architecture = architectureNamed(config.architecture)
  const { heads, keyValueHeads } = config.shape
  const weights = new Map<string, GgufWeight>()
  for (const [name, shape] of decoderTensors(config)) {
    const stored = storedInGguf(name, architecture, config.shape)
    const tensor = gguf.tensors.get(stored.name)
    if (!tensor)
      throw errors.modelMalformed({ path: gguf.path, reason: `the tensor ${stored.name} is missing` })
    const whole = stored.part ? [stored.part.ofRows, ...shape.slice(1)] : shape
    // All experts' matrices lie behind one another, with an axis more.
    const lying = tensor.shape.length === 3 ? flattened(tensor.shape) : tensor.shape
    if (lying.join() !== whole.join()) {
      const reason = `${stored.name} has shape [${tensor.shape.join()}]; its metadata asks for [${whole.join()}]`
      throw errors.modelMalformed({ path: gguf.path, reason })
    }
    const isPaired = architecture.gguf?.hasPairedRows === true
    const headsOf = name.includes('.q_proj.') ? heads : name.includes('.k_proj.') ? keyValueHeads : 0
    weights.set(name, {
      tensor: stored.part ? rowsOf(tensor, stored.part, shape) : tensor,
      permutedHeads: isPaired ? headsOf : 0,
    })
  }
  return weights
}

const flattened = ([experts, rows, ...rest]: readonly number[]): number[] => [experts * rows, ...rest]

function rowsOf(tensor: GgufTensor, part: StoredPart, shape: readonly number[]): GgufTensor {
  const rowBytes = tensor.byteLength / part.ofRows
  return {
    ...tensor,
    shape,
    offset: tensor.offset + part.firstRow * rowBytes,
    byteLength: part.rows * rowBytes,
  }
}

/** Texts of tokens that end a turn in Llama 3's, ChatML's, Gemma's and Phi-3's format, which older files do not name by key. */
const turnEnds = ['<|eot_id|>', '<|eom_id|>', '<|end_of_text|>', '<|im_end|>', '<end_of_turn>', '<|end|>']

function ggufStopIds(gguf: Gguf): number[] {
  const ids = new Set<number>()
  for (const name of ['eos', 'eot', 'eom']) {
    const id = gguf.metadata.get(`tokenizer.ggml.${name}_token_id`)
    if (typeof id === 'number') ids.add(id)
  }
  const tokens = gguf.metadata.get('tokenizer.ggml.tokens')
  if (Array.isArray(tokens)) {
    for (const text of turnEnds) {
      const id = tokens.indexOf(text)
      if (id >= 0) ids.add(id)
    }
  }
  return [...ids].sort((a, b) => a - b)
}

function chatTemplateOf(gguf: Gguf, metadata: GgufMetadata): ChatTemplateSource | null {
  const text = metadata.text('tokenizer.chat_template')
  if (text === null) return null
  const tokens = metadata.value('tokenizer.ggml.tokens')
  const textOf = (name: string): string => {
    const id = metadata.value(`tokenizer.ggml.${name}_token_id`)
    const token = Array.isArray(tokens) && typeof id === 'number' ? tokens[id] : undefined
    return typeof token === 'string' ? token : ''
  }
  return { path: gguf.path, text, bosToken: textOf('bos'), eosToken: textOf('eos') }
}

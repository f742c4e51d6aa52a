// What an architecture calls its tensors, against what this program calls them.
// Owns: the translation of names, and tensors that are parts of a stored one. Not: which tensors there are (decoderTensors.ts).
// Llama's names in Hugging Face's files are this program's own. `input_layernorm` is the norm of attention and
// `post_attention_layernorm` that of the feed-forward network, wherever an architecture has them.
import type { ModelShape } from '../../contract/models.ts'

/** Rows of an architecture's tensor. */
export interface StoredPart {
  name: string
  firstRow: number
  rows: number
  /** Of the whole tensor. */
  ofRows: number
}

export interface TensorNames {
  /** What precedes all names but the head's, for instance `model.`; files of the bare decoder may lack it. */
  prefix?: string
  /** What stands for `layers` after the prefix. */
  layers?: string
  /** Names outside the layers, without `.weight`: ours → theirs after the prefix. */
  outer?: Readonly<Record<string, string>>
  /** The same within a layer. */
  parts?: Readonly<Record<string, string>>
  /** What `mlp.experts.{e}` and the matrices in it are called. */
  experts?: { name: string; gate_proj: string; up_proj: string; down_proj: string }
  /** Tensors that are rows of a stored one, by our name within a layer. */
  rows?: Readonly<Record<string, (shape: ModelShape) => StoredPart>>
  /** Matrices are stored [in, out], embeddings and norms aside. */
  isTransposed?: boolean
}

/** Where a tensor of ours is found. */
export interface StoredTensor {
  name: string
  /** Null: the whole. */
  part: StoredPart | null
  isTransposed: boolean
}

const ownOuter: Readonly<Record<string, string>> = {
  'model.embed_tokens': 'embed_tokens',
  'model.embed_positions': 'embed_positions',
  'model.norm': 'norm',
}
const layerName = /^model\.layers\.(\d+)\.(.*)$/

/** Where the tensor that we call `name`, with its ending, is found. */
export function storedTensor(name: string, names: TensorNames, shape: ModelShape): StoredTensor {
  const { prefix = 'model.', layers = 'layers' } = names
  const cut = name.lastIndexOf('.')
  const [stem, ending] = [name.slice(0, cut), name.slice(cut)]
  const [, layer, part] = layerName.exec(stem) ?? []
  if (part === undefined) {
    const outer = names.outer?.[stem]
    if (stem === 'lm_head') return { name: `${outer ?? stem}${ending}`, part: null, isTransposed: false }
    return { name: `${prefix}${outer ?? ownOuter[stem]}${ending}`, part: null, isTransposed: false }
  }
  const within = `${prefix}${layers}.${layer}.`
  const isMatrix = ending === '.weight' && /^(self_attn|mlp)\.[^.]*_proj$/.test(part)
  const isTransposed = names.isTransposed === true && isMatrix
  const rows = names.rows?.[part]?.(shape)
  if (rows) return { name: `${within}${rows.name}${ending}`, part: rows, isTransposed }
  const theirs = expertName(part, names) ?? names.parts?.[part] ?? part
  return { name: `${within}${theirs}${ending}`, part: null, isTransposed }
}

function expertName(part: string, { experts }: TensorNames): string | null {
  const [, expert, matrix] = /^mlp\.experts\.(\d+)\.(gate_proj|up_proj|down_proj)$/.exec(part) ?? []
  if (!experts || expert === undefined) return null
  return `${experts.name}.${expert}.${experts[matrix as 'gate_proj' | 'up_proj' | 'down_proj']}` // of the pattern
}

/** What llama.cpp makes of an architecture. */
export interface GgufNames {
  /** `general.architecture`, which begins every key. */
  architecture: string
  /** Tensors within a block that are not called as usual there: ours → theirs. */
  parts?: Readonly<Record<string, string>>
  /** Rows of query and key matrices are stored in pairs, a head's first half with its second. */
  hasPairedRows?: boolean
  /** Scores are divided by the root of this, where it is not the head width. */
  queryScalar?: (shape: { layers: number; headWidth: number; residualWidth: number; heads: number }) => number
}

const usualGgufParts: Readonly<Record<string, string>> = {
  input_layernorm: 'attn_norm',
  post_attention_layernorm: 'ffn_norm',
  attention_output_layernorm: 'post_attention_norm',
  mlp_output_layernorm: 'post_ffw_norm',
  'self_attn.q_proj': 'attn_q',
  'self_attn.k_proj': 'attn_k',
  'self_attn.v_proj': 'attn_v',
  'self_attn.qkv_proj': 'attn_qkv',
  'self_attn.q_norm': 'attn_q_norm',
  'self_attn.k_norm': 'attn_k_norm',
  'self_attn.o_proj': 'attn_output',
  'mlp.gate_proj': 'ffn_gate',
  'mlp.up_proj': 'ffn_up',
  'mlp.down_proj': 'ffn_down',
  'mlp.router': 'ffn_gate_inp',
}
const ggufOuter: Readonly<Record<string, string>> = {
  'model.embed_tokens': 'token_embd',
  'model.embed_positions': 'position_embd',
  'model.norm': 'output_norm',
  lm_head: 'output',
}
/** Tensors of the Hugging Face model that hold several of ours, by the converter's names. */
const ggufWholes: Readonly<Record<string, string>> = {
  'self_attn.qkv_proj': 'attn_qkv',
  'mlp.gate_up_proj': 'ffn_up',
}

/** Where a GGUF file has the tensor that we call `name`. An expert's matrix is rows of all experts'. */
export function storedInGguf(
  name: string,
  { tensors = {}, gguf }: { tensors?: TensorNames; gguf?: GgufNames },
  shape: ModelShape,
): StoredTensor {
  const cut = name.lastIndexOf('.')
  const [stem, ending] = [name.slice(0, cut), name.slice(cut)]
  const [, layer, part] = layerName.exec(stem) ?? []
  if (part === undefined) return { name: `${ggufOuter[stem]}${ending}`, part: null, isTransposed: false }
  const within = (theirs: string, rows: StoredPart | null): StoredTensor => ({
    name: `blk.${layer}.${theirs}${ending}`,
    part: rows,
    isTransposed: false,
  })
  const rows = tensors.rows?.[part]?.(shape)
  if (rows) return within(ggufWholes[rows.name], rows)
  const [, expert, matrix] = /^mlp\.experts\.(\d+)\.(.*)$/.exec(part) ?? []
  if (matrix === undefined) return within(gguf?.parts?.[part] ?? usualGgufParts[part], null)
  const theirs = `${usualGgufParts[`mlp.${matrix}`]}_exps`
  const height = matrix === 'down_proj' ? shape.residualWidth : shape.mlpWidth
  const experts = shape.traits?.experts ?? 0
  return within(theirs, {
    name: theirs,
    firstRow: Number(expert) * height,
    rows: height,
    ofRows: experts * height,
  })
}

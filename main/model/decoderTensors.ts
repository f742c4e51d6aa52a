// Which tensors a decoder consists of.
// Owns: their names and shapes, as this program has them. Not: where they lie (huggingFaceFolder.ts, ggufModel.ts) or what others call them.
import { traitsOf } from './hookNames.ts'
import type { DecoderConfig } from './modelFiles.ts'

/**
 * Every tensor the graph needs, by name, with its row-major shape ([out, in] for matrices).
 * `lm_head.weight` is among them only where embeddings are not tied.
 */
export function decoderTensors(config: DecoderConfig): Map<string, readonly number[]> {
  const { layers, residualWidth, vocabulary, contextLength } = config.shape
  const tensors = new Map<string, readonly number[]>()
  tensors.set('model.embed_tokens.weight', [vocabulary, residualWidth])
  if (traitsOf(config.shape).learnedPositions)
    tensors.set('model.embed_positions.weight', [contextLength, residualWidth])
  for (let layer = 0; layer < layers; layer++)
    for (const [name, shape] of layerTensors(config)) tensors.set(`model.layers.${layer}.${name}`, shape)
  for (const [name, shape] of normTensors(config, 'model.norm')) tensors.set(name, shape)
  if (!config.tiedEmbeddings) tensors.set('lm_head.weight', [vocabulary, residualWidth])
  return tensors
}

type NamedShape = [name: string, shape: readonly number[]]

const matrix = (name: string, rows: number, columns: number, hasBias: boolean): NamedShape[] => [
  [`${name}.weight`, [rows, columns]],
  ...(hasBias ? [[`${name}.bias`, [rows]] satisfies NamedShape] : []),
]

const normTensors = ({ norm, shape }: DecoderConfig, name: string): NamedShape[] => [
  [`${name}.weight`, [shape.residualWidth]],
  ...(norm.kind === 'layer' ? [[`${name}.bias`, [shape.residualWidth]] satisfies NamedShape] : []),
]

function layerTensors(config: DecoderConfig): NamedShape[] {
  const norms = ['input_layernorm', 'post_attention_layernorm']
  if (traitsOf(config.shape).postNorms) norms.push('attention_output_layernorm', 'mlp_output_layernorm')
  return [
    ...norms.flatMap((name) => normTensors(config, name)),
    ...attentionTensors(config),
    ...mlpTensors(config),
  ]
}

function attentionTensors({ shape, attention }: DecoderConfig): NamedShape[] {
  const { residualWidth, heads, keyValueHeads, headWidth } = shape
  const { projection, queryKeyNorm, inputBias, outputBias } = attention
  const queryWidth = heads * headWidth
  const keyWidth = keyValueHeads * headWidth
  const inputs =
    projection === 'separate'
      ? [
          ...matrix('self_attn.q_proj', queryWidth, residualWidth, inputBias),
          ...matrix('self_attn.k_proj', keyWidth, residualWidth, inputBias),
          ...matrix('self_attn.v_proj', keyWidth, residualWidth, inputBias),
        ]
      : matrix('self_attn.qkv_proj', queryWidth + 2 * keyWidth, residualWidth, inputBias)
  const [queryNorm, keyNorm] = queryKeyNorm === 'heads' ? [headWidth, headWidth] : [queryWidth, keyWidth]
  const norms: NamedShape[] =
    queryKeyNorm === 'none'
      ? []
      : [
          ['self_attn.q_norm.weight', [queryNorm]],
          ['self_attn.k_norm.weight', [keyNorm]],
        ]
  return [...inputs, ...matrix('self_attn.o_proj', residualWidth, queryWidth, outputBias), ...norms]
}

function mlpTensors({ shape, mlp }: DecoderConfig): NamedShape[] {
  const { residualWidth, mlpWidth } = shape
  const { gatedMlp } = traitsOf(shape)
  const network = (name: string): NamedShape[] => [
    ...(gatedMlp ? matrix(`${name}.gate_proj`, mlpWidth, residualWidth, mlp.bias) : []),
    ...matrix(`${name}.up_proj`, mlpWidth, residualWidth, mlp.bias),
    ...matrix(`${name}.down_proj`, residualWidth, mlpWidth, mlp.bias),
  ]
  if (!mlp.experts) return network('mlp')
  const experts = Array.from({ length: mlp.experts.count }, (_, expert) => network(`mlp.experts.${expert}`))
  return [...matrix('mlp.router', mlp.experts.count, residualWidth, false), ...experts.flat()]
}

/** How many numbers those tensors hold; a tied embedding counts once. */
export function parameterCount(config: DecoderConfig): number {
  let count = 0
  for (const shape of decoderTensors(config).values()) count += shape.reduce((a, b) => a * b, 1)
  return count
}

/** The name that most matrices (two dimensions) go by, for instance a dtype; the first on a tie. */
export function mostFrequent(tensors: Iterable<{ shape: readonly number[]; dtype: string }>): string {
  const counts = new Map<string, number>()
  for (const { shape, dtype } of tensors) {
    if (shape.length === 2) counts.set(dtype, (counts.get(dtype) ?? 0) + 1)
  }
  return [...counts].reduce((best, next) => (next[1] > best[1] ? next : best), ['none', 0])[0]
}

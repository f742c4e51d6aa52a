// A decoder as one ONNX graph, written from its numbers and the places of its weights.
// Owns: embedding, the order of the layers' parts, residual stream, head. Not: the parts, or running it (inference/session.ts).
// One graph serves prefill and decode, any number of rows, any length.
import { AttentionGraph } from './attentionGraph.ts'
import { expertsLayer } from './expertsGraph.ts'
import { HookGraph, type HookChanges } from './hookGraph.ts'
import { traitsOf } from './hookNames.ts'
import { mlpLayer, type GraphParts } from './mlpGraph.ts'
import { declarePassInputs, passInputs } from './passInputs.ts'
import { softCapped } from './softCap.ts'
import { NormGraph, type NormPlace } from './normGraph.ts'
import { GraphBuilder } from './onnxWriter.ts'
import { WeightNodes } from './weightNodes.ts'
import type { DecoderConfig, WeightMap } from './modelFiles.ts'

export interface DecoderGraph {
  /** A ModelProto. */
  model: Uint8Array
  /** Where changes cut the graph: the parts that follow, each going on where the one before ended. */
  further: readonly Uint8Array[]
  /** Folder that the graph's external tensors are relative to. */
  folder: string
}

/** Name of the output [R, V]. */
export const logitsOutput = 'logits'

type LayerPart = 'attention' | 'mlp'

/** The residual stream, and what the next part reads of it. */
interface Stream {
  sum: string
  normal: string
}

/** Where a layer's norms lie: before its parts, and after them where there are more. */
function normPlaces(layer: number): Record<LayerPart | `${LayerPart}Post`, NormPlace> {
  const place = (name: string, hook: string): NormPlace => ({
    name: `model.layers.${layer}.${name}`,
    hook: `blocks.${layer}.${hook}`,
  })
  return {
    attention: place('input_layernorm', 'ln1'),
    attentionPost: place('attention_output_layernorm', 'ln1_post'),
    mlp: place('post_attention_layernorm', 'ln2'),
    mlpPost: place('mlp_output_layernorm', 'ln2_post'),
  }
}

/** What a graph is written with. */
export interface GraphWriting {
  /** What happens to values at hook points; left out, nothing. */
  changes?: HookChanges
  /** For a device beside the processor. */
  forDevice?: boolean
}

class DecoderWriter {
  private readonly graph = new GraphBuilder()
  private readonly config: DecoderConfig
  private readonly weights: WeightNodes
  private readonly hooks: HookGraph
  private readonly norms: NormGraph
  private readonly parts: GraphParts

  constructor(config: DecoderConfig, weights: WeightMap, { changes, forDevice = false }: GraphWriting) {
    const { graph } = this
    this.config = config
    this.weights = new WeightNodes(graph, weights, forDevice)
    this.hooks = new HookGraph(graph, config.shape, changes)
    this.norms = new NormGraph(graph, this.weights, this.hooks, config)
    this.parts = { graph, weights: this.weights, hooks: this.hooks, config, forDevice }
  }

  private embedding(): string {
    const { graph, config, weights, hooks } = this
    const rows = weights.rows('model.embed_tokens.weight', passInputs.tokens)
    const { embeddingScale } = config
    const scaled = embeddingScale === null ? rows : graph.op('Mul', [rows, graph.float(embeddingScale)])
    const embedded = hooks.hook('hook_embed', scaled)
    if (!traitsOf(config.shape).learnedPositions) return embedded
    const positions = weights.rows('model.embed_positions.weight', passInputs.positions)
    return graph.op('Add', [embedded, hooks.hook('hook_pos_embed', positions)])
  }

  /** The norm of the residual stream in front of attention or feed-forward network; null where there is none. */
  private normBefore(layer: number, part: LayerPart): NormPlace | null {
    return this.config.norm.places === 'after' ? null : normPlaces(layer)[part]
  }

  /** What attention or feed-forward network adds to the residual stream. */
  private added(layer: number, part: LayerPart, output: string): string {
    const { norms, hooks, config } = this
    const own = normPlaces(layer)
    const afterwards = { before: null, after: own[part], both: own[`${part}Post`] }[config.norm.places]
    const normal = afterwards ? norms.normalise(output, afterwards) : output
    return hooks.hook(`blocks.${layer}.hook_${part === 'attention' ? 'attn' : 'mlp'}_out`, normal)
  }

  private mlp(layer: number, normal: string): string {
    const { experts } = this.config.mlp
    const output = experts
      ? expertsLayer(this.parts, experts, layer, normal)
      : mlpLayer(this.parts, layer, normal)
    return this.added(layer, 'mlp', output)
  }

  /** x + delta through hook points, and what the next part reads of it. */
  private join(x: string, delta: string, sumHooks: readonly string[], next: NormPlace | null): Stream {
    if (next) return this.norms.addAndNormalise(x, delta, sumHooks, next)
    const sum = this.norms.add(x, delta, sumHooks)
    return { sum, normal: sum }
  }

  /** One block. @returns a residual stream and what is still to be added to it */
  private block(
    attention: AttentionGraph,
    layer: number,
    { sum, normal }: Stream,
  ): { residual: string; delta: string } {
    const attended = this.added(layer, 'attention', attention.layer(layer, normal))
    if (traitsOf(this.config.shape).parallelResidual) {
      const next = this.normBefore(layer, 'mlp')
      const beside = this.mlp(layer, next ? this.norms.normalise(sum, next) : sum)
      return { residual: sum, delta: this.graph.op('Add', [attended, beside]) }
    }
    const sumHooks = [`blocks.${layer}.hook_resid_mid`]
    const middle = this.join(sum, attended, sumHooks, this.normBefore(layer, 'mlp'))
    return { residual: middle.sum, delta: this.mlp(layer, middle.normal) }
  }

  write(): DecoderGraph {
    const { graph, config, weights, hooks, norms } = this
    declarePassInputs(graph, config)
    const attention = new AttentionGraph(this.parts)
    const { layers, vocabulary } = config.shape
    const first = hooks.hook('blocks.0.hook_resid_pre', this.embedding())
    const firstNorm = this.normBefore(0, 'attention')
    let stream = { sum: first, normal: firstNorm ? norms.normalise(first, firstNorm) : first }
    for (let layer = 0; layer < layers; layer++) {
      const { residual, delta } = this.block(attention, layer, stream)
      const isLast = layer + 1 === layers
      const sumHooks = [`blocks.${layer}.hook_resid_post`]
      if (!isLast) sumHooks.push(`blocks.${layer + 1}.hook_resid_pre`)
      // The final norm is taken only where logits are wanted.
      stream = this.join(residual, delta, sumHooks, isLast ? null : this.normBefore(layer + 1, 'attention'))
    }
    const finalNorm = { name: 'model.norm', hook: 'ln_final' }
    const final = norms.normaliseRows(stream.sum, passInputs.logitRows, finalNorm)
    const scores = weights.linear(config.tiedEmbeddings ? 'model.embed_tokens' : 'lm_head', final)
    graph.output(softCapped(graph, scores, config.logitSoftCap), logitsOutput, 'float32', ['R', vocabulary])
    hooks.finish()
    const [model, ...further] = graph.finishParts('decoder')
    return { model, further, folder: weights.folder }
  }
}

/**
 * Writes the graph of a decoder.
 * @throws TypeError where `weights` lacks a tensor of the architecture.
 */
export function writeDecoderGraph(
  config: DecoderConfig,
  weights: WeightMap,
  writing: GraphWriting = {},
): DecoderGraph {
  return new DecoderWriter(config, weights, writing).write()
}

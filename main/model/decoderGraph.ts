// A decoder as one ONNX graph, written from its numbers and the places of its weights.
// Owns: embedding, the order of the layers' parts, residual stream, head. Not: the parts, or running it (inference/session.ts).
// One graph serves prefill and decode, any number of rows, any length.
import { AttentionGraph, passInputs } from './attentionGraph.ts'
import { HookGraph, type HookChanges } from './hookGraph.ts'
import { mlpLayer } from './mlpGraph.ts'
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

class DecoderWriter {
  private readonly graph = new GraphBuilder()
  private readonly config: DecoderConfig
  private readonly weights: WeightNodes
  private readonly hooks: HookGraph
  private readonly norms: NormGraph

  constructor(config: DecoderConfig, weights: WeightMap, changes?: HookChanges) {
    this.config = config
    this.weights = new WeightNodes(this.graph, weights)
    this.hooks = new HookGraph(this.graph, config.shape, changes)
    this.norms = new NormGraph(this.graph, this.weights, this.hooks, config)
  }

  private declareInputs(): void {
    const { graph } = this
    const half = this.config.shape.headWidth / 2
    graph.input(passInputs.tokens, 'int32', ['N'])
    graph.input(passInputs.cosines, 'float32', ['N', half])
    graph.input(passInputs.sines, 'float32', ['N', half])
    graph.input(passInputs.grid, 'int32', ['B', 'S'])
    graph.input(passInputs.cells, 'int32', ['N'])
    graph.input(passInputs.mask, 'float32', ['B', 1, 'S', 'T'])
    graph.input(passInputs.logitRows, 'int32', ['R'])
  }

  private inputNorm = (layer: number): NormPlace => ({
    gain: `model.layers.${layer}.input_layernorm.weight`,
    hook: `blocks.${layer}.ln1`,
  })

  write(): DecoderGraph {
    const { graph, config, weights, hooks, norms } = this
    this.declareInputs()
    const attention = new AttentionGraph(graph, weights, hooks, config.shape)
    const embedding = 'model.embed_tokens'
    const embedded = hooks.hook('hook_embed', weights.rows(`${embedding}.weight`, passInputs.tokens))
    let residual = hooks.hook('blocks.0.hook_resid_pre', embedded)
    let normal = norms.normalise(residual, this.inputNorm(0))
    for (let layer = 0; layer < config.shape.layers; layer++) {
      const block = `blocks.${layer}`
      const attended = hooks.hook(`${block}.hook_attn_out`, attention.layer(layer, normal))
      const middle = norms.addAndNormalise(residual, attended, [`${block}.hook_resid_mid`], {
        gain: `model.layers.${layer}.post_attention_layernorm.weight`,
        hook: `${block}.ln2`,
      })
      const added = hooks.hook(
        `${block}.hook_mlp_out`,
        mlpLayer({ graph, weights, hooks }, layer, middle.normal),
      )
      const after = `${block}.hook_resid_post`
      if (layer + 1 < config.shape.layers) {
        const sumHooks = [after, `blocks.${layer + 1}.hook_resid_pre`]
        const next = norms.addAndNormalise(middle.sum, added, sumHooks, this.inputNorm(layer + 1))
        residual = next.sum
        normal = next.normal
      } else residual = hooks.hook(after, graph.op('Add', [middle.sum, added]))
    }
    const final = norms.normaliseRows(residual, passInputs.logitRows, {
      gain: 'model.norm.weight',
      hook: 'ln_final',
    })
    const head = config.tiedEmbeddings ? embedding : 'lm_head'
    graph.output(weights.linear(head, final), logitsOutput, 'float32', ['R', config.shape.vocabulary])
    hooks.finish()
    const [model, ...further] = graph.finishParts('decoder')
    return { model, further, folder: weights.folder }
  }
}

/**
 * Writes the graph of a decoder.
 * @param changes  what happens to values at hook points; left out, nothing
 * @throws TypeError where `weights` lacks a tensor of the architecture.
 */
export function writeDecoderGraph(
  config: DecoderConfig,
  weights: WeightMap,
  changes?: HookChanges,
): DecoderGraph {
  return new DecoderWriter(config, weights, changes).write()
}
